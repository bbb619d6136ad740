import type { Continuous, Discrete, Distribution, DistributionsKernel } from '../ports/distributions.js';
import type { Engine, KMeansProgress } from '../ports/engine.js';
import { KERNEL_FAMILIES } from '../ports/engine.js';
import type { Span, SpanEvent } from '../ports/trace.js';

/** What the wall clock of the process said when this thread's monotonic one began. */
let origin = performance.timeOrigin;

/** Milliseconds since the epoch, with fractions; it only goes forward, also where the wall clock is set. */
export const now = (): number => origin + performance.now();

/** From now on `now` goes by the clock of another thread, which says `time` at this moment. */
export function setClock(time: number): void {
  origin = time - performance.now();
}

export const round = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000;

/** Times the calls of each kernel family of an engine. */
export class KernelClock {
  readonly #families = new Map<string, { start: number; end: number; busy: number; calls: number }>();

  readonly #iterations = new Iterations();

  watch(engine: Engine): Engine {
    const timed =
      <A extends unknown[], R>(family: string, call: (...args: A) => R) =>
      (...args: A): R => {
        const start = now();
        try {
          return call(...args);
        } finally {
          this.#add(family, start, now());
        }
      };
    const { ahead, distances, losses, maps, neighbours, order, student, trees, windows } = engine;
    return {
      name: engine.name,
      ahead: { moments: timed('moments', ahead.moments), select: timed('select', ahead.select) },
      moments: timed('moments', engine.moments),
      select: timed('select', engine.select),
      kmeans: timed('kmeans', (columns, options) =>
        engine.kmeans(columns, {
          ...options,
          onIteration: (progress) => {
            this.#iterations.add({ name: 'iteration', time: now(), attributes: attributesOf(progress) });
            options.onIteration?.(progress);
          },
        }),
      ),
      groups: timed('groups', engine.groups),
      comoments: timed('comoments', engine.comoments),
      order: {
        sort: timed('order', order.sort),
        rank: timed('order', order.rank),
        pairs: timed('order', order.pairs),
      },
      silhouette: timed('silhouette', engine.silhouette),
      distances: {
        sums: timed('distances', distances.sums),
        differences: timed('distances', distances.differences),
        chiSquare: timed('distances', distances.chiSquare),
      },
      losses: {
        logistic: (rows, use) => losses.logistic(rows, (loss) => use(timed('losses', loss))),
        probabilities: timed('losses', losses.probabilities),
      },
      neighbours: {
        arrange: timed('neighbours', neighbours.arrange),
        nearest: timed('neighbours', neighbours.nearest),
        assign: timed('neighbours', neighbours.assign),
        density: timed('neighbours', neighbours.density),
      },
      maps: {
        gaps: timed('maps', maps.gaps),
        scale: timed('maps', maps.scale),
        multiply: timed('maps', maps.multiply),
        project: timed('maps', maps.project),
        places: timed('maps', maps.places),
        shares: timed('maps', maps.shares),
        logarithms: timed('maps', maps.logarithms),
        powers: timed('maps', maps.powers),
      },
      windows: {
        shift: timed('windows', windows.shift),
        diff: timed('windows', windows.diff),
        rolling: timed('windows', windows.rolling),
        fading: timed('windows', windows.fading),
      },
      trees: { traverse: timed('trees', trees.traverse), grow: timed('trees', trees.grow) },
      student: {
        tail: timed('student', student.tail),
        log10Tail: timed('student', student.log10Tail),
        quantile: timed('student', student.quantile),
      },
      distributions: watched(engine.distributions, (call) => timed('distributions', call)),
      random: timed('random', engine.random),
      widen: timed('widen', engine.widen),
      json: timed('json', engine.json),
      csv: timed('csv', engine.csv),
    };
  }

  /** One span a family: from its first call to the end of its last, with the time spent inside. */
  spans(): Span[] {
    return KERNEL_FAMILIES.flatMap((family) => {
      const times = this.#families.get(family);
      if (times === undefined) return [];
      const { start, end, busy, calls } = times;
      const attributes = { 'analytics.kernel.calls': calls, 'analytics.kernel.busy_ms': round(busy) };
      const events = family === 'kmeans' ? this.#iterations.events() : [];
      return [{ name: `kernel ${family}`, start, end, attributes, events, parent: 'compute' }];
    });
  }

  #add(family: string, start: number, end: number): void {
    const times = this.#families.get(family) ?? { start, end, busy: 0, calls: 0 };
    times.end = end;
    times.busy += end - start;
    times.calls++;
    this.#families.set(family, times);
  }
}

type Timed = <A extends unknown[], R>(call: (...args: A) => R) => (...args: A) => R;

/** The distributions, each of their functions timed: what is costly is made when it is first asked for. */
function watched(kernel: DistributionsKernel, timed: Timed): DistributionsKernel {
  const distribution = ({ cdf, sf, log10Cdf, log10Sf }: Distribution): Distribution => ({
    cdf: timed(cdf),
    sf: timed(sf),
    log10Cdf: timed(log10Cdf),
    log10Sf: timed(log10Sf),
  });
  const continuous = (made: Continuous): Continuous => ({
    ...distribution(made),
    quantile: timed(made.quantile),
    upperQuantile: timed(made.upperQuantile),
  });
  const discrete = (made: Discrete): Discrete => ({
    ...distribution(made),
    pmf: timed(made.pmf),
    quantile: timed(made.quantile),
  });
  return {
    normal: () => continuous(kernel.normal()),
    t: (df) => continuous(kernel.t(df)),
    chi2: (df) => continuous(kernel.chi2(df)),
    f: (dfn, dfd) => continuous(kernel.f(dfn, dfd)),
    beta: (a, b) => continuous(kernel.beta(a, b)),
    binomial: (n, p) => discrete(kernel.binomial(n, p)),
    hypergeometric: (total, kind, drawn) => discrete(kernel.hypergeometric(total, kind, drawn)),
    noncentralT: (df, nc) => distribution(kernel.noncentralT(df, nc)),
    noncentralF: (dfn, dfd, nc) => distribution(kernel.noncentralF(dfn, dfd, nc)),
    kolmogorov: () => continuous(kernel.kolmogorov()),
    kolmogorovExact: (n) => continuous(kernel.kolmogorovExact(n)),
    smirnovOneSided: (n) => continuous(kernel.smirnovOneSided(n)),
    smirnovTwoSample: (m, n, alternative) => ({ sf: timed(kernel.smirnovTwoSample(m, n, alternative).sf) }),
    wilcoxon: (n) => discrete(kernel.wilcoxon(n)),
    mannWhitney: (m, n) => discrete(kernel.mannWhitney(m, n)),
    kendall: (n) => discrete(kernel.kendall(n)),
  };
}

const attributesOf = ({ run, iteration, inertia, shift }: KMeansProgress): SpanEvent['attributes'] => ({
  'analytics.kmeans.run': run,
  'analytics.kmeans.iteration': iteration,
  'analytics.kmeans.inertia': inertia,
  'analytics.kmeans.shift': shift,
});

/** Events that a span has at most: OpenTelemetry drops those beyond 128. */
const MOST_EVENTS = 100;

/** The first iterations, then ever fewer of those that follow, and the last. */
class Iterations {
  #kept: SpanEvent[] = [];
  #last: SpanEvent | undefined;
  #every = 1;
  #count = 0;

  add(event: SpanEvent): void {
    this.#last = event;
    if (this.#count++ % this.#every !== 0) return;
    this.#kept.push(event);
    if (this.#kept.length < MOST_EVENTS) return;
    const half = MOST_EVENTS / 2;
    this.#kept = this.#kept.filter((_, i) => i < half / 2 || i % 2 === 0);
    this.#every *= 2;
  }

  events(): SpanEvent[] {
    const last = this.#last;
    return last === undefined || this.#kept.at(-1) === last ? [...this.#kept] : [...this.#kept, last];
  }
}
