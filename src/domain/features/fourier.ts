/** A complex sequence. */
export interface Complex {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** Σ x[j] · exp(−2πi jk / n), for k from 0 to n / 2 of n real values: the others are their conjugates. */
export function fourierOfReal(x: Float64Array): Complex {
  const n = x.length;
  if (n % 2 === 1) return fourier({ re: x, im: new Float64Array(n) });
  // Even entries as real parts and odd ones as imaginary: one transform of half the length.
  const half = n / 2;
  const packed = { re: new Float64Array(half), im: new Float64Array(half) };
  for (let k = 0; k < half; k++) {
    packed.re[k] = x[2 * k]!;
    packed.im[k] = x[2 * k + 1]!;
  }
  const z = fourier(packed);
  const turn = tableOf(n);
  const out = { re: new Float64Array(half + 1), im: new Float64Array(half + 1) };
  for (let k = 0; k <= half; k++) {
    const [i, j] = [k === half ? 0 : k, k === 0 ? 0 : half - k];
    const [a, b, c, d] = [z.re[i]!, z.im[i]!, z.re[j]!, -z.im[j]!];
    const [oddRe, oddIm] = [(b - d) / 2, (c - a) / 2];
    const [cos, sin] = [turn.re[k]!, turn.im[k]!];
    out.re[k] = (a + c) / 2 + oddRe * cos - oddIm * sin;
    out.im[k] = (b + d) / 2 + oddRe * sin + oddIm * cos;
  }
  return out;
}

/** Prime factors up to this have butterflies; a length with a greater one goes by way of a convolution. */
const GREATEST = 13;

/**
 * Discrete Fourier transform of any length: Stockham's order, a pass for each factor; lengths with a great prime factor
 * by Bluestein's convolution. Roots of unity are exact to one or two units in the last place, so that errors grow with the
 * logarithm of the length.
 * Source: C. Van Loan, "Computational Frameworks for the Fast Fourier Transform" (1992), 1.7 and 4.2.
 */
export function fourier(x: Complex): Complex {
  const n = x.re.length;
  if (n <= 1) return { re: x.re.slice(), im: x.im.slice() };
  const factors = factorsOf(n);
  if (factors.some((factor) => factor > GREATEST)) return bluestein(x);
  const table = tableOf(n);
  let from: Complex = x;
  let [to, other] = [blank(n), blank(n)];
  let length = n;
  for (const p of factors) {
    pass(from, to, p, length, n / length, table);
    length /= p;
    from = to;
    [to, other] = [other, to];
  }
  return from;
}

const blank = (n: number): Complex => ({ re: new Float64Array(n), im: new Float64Array(n) });

/** Fours first, then 2, 3, 5, …. */
function factorsOf(n: number): number[] {
  const factors: number[] = [];
  let rest = n;
  for (; rest % 4 === 0; rest /= 4) factors.push(4);
  for (let p = 2; p * p <= rest; p++) for (; rest % p === 0; rest /= p) factors.push(p);
  return rest > 1 ? [...factors, rest] : factors;
}

/** exp(−2πi k / n) by its parts; the angle is brought into an eighth of a turn, where cosine and sine are most exact. */
function roots(n: number): { readonly re: (k: number) => number; readonly im: (k: number) => number } {
  const angle = (eighths: number): number => (Math.PI / 4) * (eighths / n);
  const cos = (k: number): number => {
    const eighths = 8 * (k <= n - k ? k : n - k);
    if (eighths <= n) return Math.cos(angle(eighths));
    if (eighths <= 3 * n) return Math.sin(angle(2 * n - eighths));
    return -Math.cos(angle(4 * n - eighths));
  };
  const sin = (k: number): number => {
    const eighths = 8 * (k <= n - k ? k : n - k);
    const sign = k <= n - k ? 1 : -1;
    if (eighths <= n) return sign * Math.sin(angle(eighths));
    if (eighths <= 3 * n) return sign * Math.cos(angle(2 * n - eighths));
    return sign * Math.sin(angle(4 * n - eighths));
  };
  return { re: cos, im: (k) => -sin(k) };
}

/** All n roots, each the product of two of a few hundred that are computed one by one. */
function tableOf(n: number): Complex {
  const root = roots(n);
  const table = blank(n);
  const width = Math.ceil(Math.sqrt(n));
  for (let k = 0; k < width && k < n; k++) {
    table.re[k] = root.re(k);
    table.im[k] = root.im(k);
  }
  for (let start = width; start < n; start += width) {
    const c = root.re(start);
    const s = root.im(start);
    const end = Math.min(width, n - start);
    for (let k = 0; k < end; k++) {
      const x = table.re[k]!;
      const y = table.im[k]!;
      table.re[start + k] = c * x - s * y;
      table.im[start + k] = c * y + s * x;
    }
  }
  return table;
}

/** One pass with factor p over `stride` interleaved transforms of `length`. */
function pass(x: Complex, y: Complex, p: number, length: number, stride: number, table: Complex): void {
  if (p === 2) passOfTwo(x, y, length, stride, table);
  else if (p === 4) passOfFour(x, y, length, stride, table);
  else passOfAny(x, y, p, length, stride, table);
}

function passOfTwo(x: Complex, y: Complex, length: number, stride: number, table: Complex): void {
  const m = length / 2;
  for (let q = 0; q < m; q++) {
    const [wr, wi] = [table.re[q * stride]!, table.im[q * stride]!];
    for (let k = 0; k < stride; k++) {
      const [i, j, o] = [k + stride * q, k + stride * (q + m), k + stride * 2 * q];
      const [ar, ai, br, bi] = [x.re[i]!, x.im[i]!, x.re[j]!, x.im[j]!];
      const [dr, di] = [ar - br, ai - bi];
      y.re[o] = ar + br;
      y.im[o] = ai + bi;
      y.re[o + stride] = dr * wr - di * wi;
      y.im[o + stride] = dr * wi + di * wr;
    }
  }
}

function passOfFour(x: Complex, y: Complex, length: number, stride: number, table: Complex): void {
  const m = length / 4;
  const [xr, xi, yr, yi, tr, ti] = [x.re, x.im, y.re, y.im, table.re, table.im];
  for (let q = 0; q < m; q++) {
    const at = q * stride;
    const ur = tr[at]!;
    const ui = ti[at]!;
    const vr = tr[2 * at]!;
    const vi = ti[2 * at]!;
    const wr = tr[3 * at]!;
    const wi = ti[3 * at]!;
    for (let k = 0; k < stride; k++) {
      const a = k + at;
      const b = a + stride * m;
      const c = b + stride * m;
      const d = c + stride * m;
      const o = k + 4 * at;
      const sr = xr[a]! + xr[c]!;
      const si = xi[a]! + xi[c]!;
      const er = xr[a]! - xr[c]!;
      const ei = xi[a]! - xi[c]!;
      const pr = xr[b]! + xr[d]!;
      const pi = xi[b]! + xi[d]!;
      // −i times the difference.
      const fr = xi[b]! - xi[d]!;
      const fi = xr[d]! - xr[b]!;
      yr[o] = sr + pr;
      yi[o] = si + pi;
      const gr = er + fr;
      const gi = ei + fi;
      yr[o + stride] = gr * ur - gi * ui;
      yi[o + stride] = gr * ui + gi * ur;
      const hr = sr - pr;
      const hi = si - pi;
      yr[o + 2 * stride] = hr * vr - hi * vi;
      yi[o + 2 * stride] = hr * vi + hi * vr;
      const jr = er - fr;
      const ji = ei - fi;
      yr[o + 3 * stride] = jr * wr - ji * wi;
      yi[o + 3 * stride] = jr * wi + ji * wr;
    }
  }
}

function passOfAny(x: Complex, y: Complex, p: number, length: number, stride: number, table: Complex): void {
  const n = length * stride;
  const m = length / p;
  const [xr, xi, yr, yi, tr, ti] = [x.re, x.im, y.re, y.im, table.re, table.im];
  const [cos, sin] = [new Float64Array(p * p), new Float64Array(p * p)];
  for (let j = 0; j < p; j++) {
    for (let r = 0; r < p; r++) {
      cos[j * p + r] = tr[((j * r) % p) * (n / p)]!;
      sin[j * p + r] = ti[((j * r) % p) * (n / p)]!;
    }
  }
  for (let q = 0; q < m; q++) {
    for (let j = 0; j < p; j++) {
      const wr = tr[q * j * stride]!;
      const wi = ti[q * j * stride]!;
      for (let k = 0; k < stride; k++) {
        let sr = 0;
        let si = 0;
        for (let r = 0, i = k + stride * q; r < p; r++, i += stride * m) {
          const c = cos[j * p + r]!;
          const s = sin[j * p + r]!;
          sr += xr[i]! * c - xi[i]! * s;
          si += xr[i]! * s + xi[i]! * c;
        }
        const o = k + stride * (p * q + j);
        yr[o] = sr * wr - si * wi;
        yi[o] = sr * wi + si * wr;
      }
    }
  }
}

/** As a convolution with a chirp, whose length can be chosen. Source: L. I. Bluestein, IEEE Trans. AU-18 (1970). */
function bluestein({ re, im }: Complex): Complex {
  const n = re.length;
  const size = 2 ** Math.ceil(Math.log2(2 * n - 1));
  const root = roots(2 * n);
  const chirp = blank(n);
  for (let k = 0; k < n; k++) {
    // k² mod 2n, exactly: n is below 2^26.
    const square = (k * k) % (2 * n);
    chirp.re[k] = root.re(square);
    chirp.im[k] = root.im(square);
  }
  const [a, b] = [blank(size), blank(size)];
  for (let k = 0; k < n; k++) {
    const [c, s] = [chirp.re[k]!, chirp.im[k]!];
    a.re[k] = re[k]! * c - im[k]! * s;
    a.im[k] = re[k]! * s + im[k]! * c;
    b.re[k] = b.re[(size - k) % size] = c;
    b.im[k] = b.im[(size - k) % size] = -s;
  }
  const [u, v] = [fourier(a), fourier(b)];
  // Conjugated, so that the same transform leads back.
  for (let k = 0; k < size; k++) {
    const [ar, ai, br, bi] = [u.re[k]!, u.im[k]!, v.re[k]!, v.im[k]!];
    u.re[k] = (ar * br - ai * bi) / size;
    u.im[k] = -(ar * bi + ai * br) / size;
  }
  const w = fourier(u);
  const out = blank(n);
  for (let k = 0; k < n; k++) {
    const [x, y, c, s] = [w.re[k]!, -w.im[k]!, chirp.re[k]!, chirp.im[k]!];
    out.re[k] = x * c - y * s;
    out.im[k] = x * s + y * c;
  }
  return out;
}
