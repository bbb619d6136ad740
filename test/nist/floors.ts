/**
 * Correct digits that answers must have at least, to one decimal. Where it is less than 15, the rounding of NIST's decimals
 * to float64 is what is left, as the tests against exact arithmetic say; Filip's high powers lose the most.
 */
export const FLOORS = {
  mean: { every: 15 },
  deviation: { every: 15, Mavro: 13.1, Michelso: 13.8, NumAcc3: 9.5, NumAcc4: 8.3 },
  autocorrelation: { every: 15, Mavro: 13.8, Michelso: 13.3, NumAcc3: 12.1, NumAcc4: 10.9 },
  anova: {
    f: {
      every: 15,
      AtmWtAg: 10.2,
      SiRstv: 13.1,
      SmLs04: 10.4,
      SmLs05: 10.2,
      SmLs06: 10.2,
      SmLs07: 4.4,
      SmLs08: 4.2,
      SmLs09: 4.2,
    },
    ssBetween: {
      every: 15,
      AtmWtAg: 10.2,
      SiRstv: 14,
      SmLs04: 10,
      SmLs05: 9.9,
      SmLs06: 9.9,
      SmLs07: 4,
      SmLs08: 3.9,
      SmLs09: 3.9,
    },
    ssWithin: {
      every: 15,
      AtmWtAg: 10.9,
      SiRstv: 13.1,
      SmLs04: 10.2,
      SmLs05: 10.2,
      SmLs06: 10.2,
      SmLs07: 4.2,
      SmLs08: 4.2,
      SmLs09: 4.2,
    },
    rSquared: {
      every: 15,
      AtmWtAg: 10.2,
      SiRstv: 13.1,
      SmLs04: 10.7,
      SmLs05: 10.4,
      SmLs06: 10.4,
      SmLs07: 4.6,
      SmLs08: 4.4,
      SmLs09: 4.4,
    },
  },
  linear: {
    coefficients: { every: 15, Filip: 7.5, Norris: 14, Pontius: 13.4, Wampler2: 13.1 },
    standardErrors: { every: 15, Filip: 7.5, Norris: 13.8, Pontius: 13.7, Wampler2: 14.8 },
    rSquared: { every: 15, Filip: 11.7 },
    f: { every: 15, Filip: 9.2, Norris: 13.6, Pontius: 13.5 },
  },
} as const;

export function floorOf(floors: Readonly<Record<string, number>>, set: string): number {
  return floors[set] ?? floors['every']!;
}
