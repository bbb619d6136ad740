/**
 * Percentiles as pandas' `describe` takes and names them: the median always in, ascending, "25%", "33.3%", "97.5%".
 * Source: pandas 2.2 core/methods/describe.py `_refine_percentiles`, io/formats/format.py `format_percentiles`.
 */
export function refinePercentiles(given: readonly number[]): number[] {
  const all = given.includes(0.5) ? [...given] : [...given, 0.5];
  return all.sort((a, b) => a - b);
}

/** Names of ascending, distinct percentiles in [0, 1]. */
export function percentileNames(percentiles: readonly number[]): string[] {
  const hundreds = percentiles.map((p) => p * 100);
  const precision = precisionOf(hundreds);
  const whole = hundreds.map((p) => isClose(Math.trunc(roundHalfEven(p, precision)), p));
  return hundreds.map((p, i) => {
    if (whole[i] === true) {
      return `${whole.every(Boolean) ? Math.trunc(roundHalfEven(p, precision)) : roundHalfEven(p, 0)}%`;
    }
    const text = String(roundHalfEven(p, precision));
    // Python writes a float that happens to be whole with its ".0".
    return `${/^-?\d+$/.test(text) ? `${text}.0` : text}%`;
  });
}

/** Digits that keep neighbouring percentiles apart. */
function precisionOf(hundreds: readonly number[]): number {
  const gaps = hundreds.slice(1).map((p, i) => Math.abs(p - hundreds[i]!));
  const first = hundreds[0]!;
  const last = hundreds.at(-1)!;
  if (first > 0) gaps.unshift(first);
  if (last < 100) gaps.push(100 - last);
  const digits = -Math.floor(Math.log10(Math.min(...gaps)));
  return Number.isFinite(digits) ? Math.max(1, digits) : 1;
}

/** numpy.isclose with its default tolerances. */
function isClose(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-8 + 1e-5 * Math.abs(b);
}

/** numpy.round: scale, round half to even, scale back. */
function roundHalfEven(value: number, digits: number): number {
  const scale = 10 ** digits;
  const scaled = value * scale;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0);
  return (up ? floor + 1 : floor) / scale;
}
