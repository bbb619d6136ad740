/**
 * Quantiles of finite numbers from counts of them in buckets of about equal relative width. A bucket is a float64's sign,
 * exponent and first seven bits behind the binary point, so that finding it rounds nothing, and its middle is within
 * 2^-8 = 0.390625 % of all that is in it. More than `MOST_BUCKETS` different ones: neighbours are joined in pairs, in the whole
 * sketch, and the error doubles. A sketch is a function of the set of values alone: any order and any parts give the same one.
 *
 * Source: C. Masson, J. E. Rim, H. K. Lee, "DDSketch", VLDB 2019 (with linear interpolation for the logarithm); I. Epicoco et
 * al., "UDDSketch", IEEE Access 2020 (joining in pairs).
 */
export interface Sketch {
  /** How often buckets were joined. */
  readonly level: number;
  /**
   * Buckets, ascending as their values are: for positive values sign, exponent and bits shifted right by `level`, for negative
   * ones the complement of those of the absolute value.
   */
  readonly buckets: Int32Array;
  /** How many values each has, at least one. */
  readonly counts: Float64Array;
}

export const MOST_BUCKETS = 2048;
/** Bits of the exponent and the seven. */
const BITS = 18;
export const LEVELS = BITS;
export const EMPTY_SKETCH: Sketch = { level: 0, buckets: new Int32Array(0), counts: new Float64Array(0) };

/** Room to count in: cleared after use. */
export interface SketchRoom {
  readonly counts: Uint32Array;
  readonly touched: Int32Array;
}

export const sketchRoom = (): SketchRoom => ({
  counts: new Uint32Array(2 << BITS),
  touched: new Int32Array(2 << BITS),
});

/** Of the values that are numbers; none is infinite. */
export function sketchOf(values: Float64Array, { counts, touched }: SketchRoom): Sketch {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  let found = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x !== x) continue;
    // Of −0 too.
    const place = x === 0 ? 0 : words[2 * i + 1]! >>> 13;
    if (counts[place]!++ === 0) touched[found++] = place;
  }
  const buckets = touched.slice(0, found);
  for (let i = 0; i < found; i++) {
    const place = buckets[i]!;
    buckets[i] = place >>> BITS === 1 ? ~(place ^ (1 << BITS)) : place;
  }
  buckets.sort();
  const own = new Float64Array(found);
  for (let i = 0; i < found; i++) {
    const bucket = buckets[i]!;
    const place = bucket < 0 ? ~bucket | (1 << BITS) : bucket;
    own[i] = counts[place]!;
    counts[place] = 0;
  }
  return bounded({ level: 0, buckets, counts: own });
}

export function mergeSketches(a: Sketch, b: Sketch): Sketch {
  const level = Math.max(a.level, b.level);
  const [x, y] = [joined(a, level), joined(b, level)];
  const buckets = new Int32Array(x.buckets.length + y.buckets.length);
  const counts = new Float64Array(buckets.length);
  let [i, j, length] = [0, 0, 0];
  while (i < x.buckets.length || j < y.buckets.length) {
    const [left, right] = [x.buckets[i] ?? Infinity, y.buckets[j] ?? Infinity];
    buckets[length] = Math.min(left, right);
    counts[length++] = (left <= right ? x.counts[i++]! : 0) + (right <= left ? y.counts[j++]! : 0);
  }
  return bounded({ level, buckets: buckets.slice(0, length), counts: counts.slice(0, length) });
}

function bounded(sketch: Sketch): Sketch {
  let least = sketch;
  while (least.buckets.length > MOST_BUCKETS) least = joined(least, least.level + 1);
  return least;
}

/** The same of a level that is not below its own. */
export function joined(sketch: Sketch, level: number): Sketch {
  const shift = level - sketch.level;
  if (shift === 0) return sketch;
  const buckets = new Int32Array(sketch.buckets.length);
  const counts = new Float64Array(buckets.length);
  let length = 0;
  sketch.buckets.forEach((one, i) => {
    const bucket = one >> shift;
    if (length === 0 || buckets[length - 1] !== bucket) buckets[length++] = bucket;
    counts[length - 1]! += sketch.counts[i]!;
  });
  return { level, buckets: buckets.slice(0, length), counts: counts.slice(0, length) };
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** The least absolute value of a bucket without sign, of level 0. */
function edge(bucket: number): number {
  if (bucket >= 0x7ff << 7) return Number.MAX_VALUE;
  words[0] = 0;
  words[1] = bucket << 13;
  return float[0]!;
}

/** Between which values all of a bucket lie. */
export function edgesOf(bucket: number, level: number): readonly [low: number, high: number] {
  const size = bucket < 0 ? ~bucket : bucket;
  const [near, far] = [edge(size << level), edge((size + 1) << level)];
  return bucket < 0 ? [-far, -near] : [near, far];
}

export function middleOf(bucket: number, level: number): number {
  // Values next to zero are zero: a bucket of them has no relative width.
  if (bucket === 0 || bucket === -1) return 0;
  const [low, high] = edgesOf(bucket, level);
  return low / 2 + high / 2;
}

/** How far a middle may be from a value of its bucket, as a part of the value; of normal numbers. */
export const relativeError = ({ level }: Sketch): number =>
  level <= 7 ? 2 ** (level - 8) : (2 ** (2 ** (level - 7)) - 1) / 2;

/** The value of each rank, 0 … n − 1, ascending: middles of buckets. */
export function ranked(sketch: Sketch, ranks: readonly number[]): number[] {
  let [place, below] = [0, 0];
  return ranks.map((rank) => {
    while (place < sketch.counts.length - 1 && below + sketch.counts[place]! <= rank)
      below += sketch.counts[place++]!;
    return middleOf(sketch.buckets[place] ?? 0, sketch.level);
  });
}
