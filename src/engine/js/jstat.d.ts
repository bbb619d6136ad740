/** The part of jstat 1.9 that the js engine calls; the package ships no types. */
declare module 'jstat' {
  export const jStat: {
    /** Regularised incomplete beta function I_x(a, b). */
    ibeta(x: number, a: number, b: number): number;
    /** Its continued fraction, by Lentz's method. */
    betacf(x: number, a: number, b: number): number;
    /** ln B(a, b). */
    betaln(a: number, b: number): number;
    studentt: { inv(p: number, df: number): number };
    mean(values: readonly number[]): number;
    stdev(values: readonly number[], sample: boolean): number;
    min(values: readonly number[]): number;
    max(values: readonly number[]): number;
    quantiles(
      values: readonly number[],
      quantiles: readonly number[],
      alphap: number,
      betap: number,
    ): number[];
  };
}
