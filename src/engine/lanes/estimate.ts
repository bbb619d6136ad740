/** How long a lane takes for what was never seen: at least, and for each byte of the body. */
const PRIOR_MS = 1;
const PRIOR_MS_PER_BYTE = 20e-6;
/** Weight of the latest observation, once there are as many as its inverse; before, all weigh the same. */
const WEIGHT = 1 / 8;
/** Bodies of any length fall into so many classes. */
const CLASSES = 40;

/** Time that a request is expected to take a lane. */
export interface Estimate {
  readonly ms: number;
  /** Whether requests of its kind were seen to finish: else it is a guess by its bytes, or what those took that did not. */
  readonly known: boolean;
}

interface Mean {
  ms: number;
  count: number;
  known: boolean;
}

/**
 * Time that requests take a lane, in milliseconds: for each endpoint and size of body (powers of two) an exponentially
 * weighted mean of those before. A size that was not seen is estimated from the nearest that was, in proportion to its bytes
 * where it is larger; an endpoint that was not, by bytes alone.
 */
export class Estimates {
  readonly #endpoints = new Map<string, (Mean | undefined)[]>();

  of(endpoint: string | undefined, bytes: number): Estimate {
    const means = endpoint === undefined ? undefined : this.#endpoints.get(endpoint);
    const own = classOf(bytes);
    for (let far = 0; means !== undefined && far < CLASSES; far++) {
      const below = means[own - far];
      if (below !== undefined) return { ms: below.ms * 2 ** far, known: below.known && far <= 1 };
      const above = means[own + far];
      if (above !== undefined) return { ms: above.ms, known: above.known && far <= 1 };
    }
    return { ms: PRIOR_MS + bytes * PRIOR_MS_PER_BYTE, known: false };
  }

  /** A request had a lane for `ms`. One that did not finish would have taken longer: it only says so where that is news. */
  learn(endpoint: string, bytes: number, ms: number, finished: boolean): void {
    let means = this.#endpoints.get(endpoint);
    if (means === undefined) this.#endpoints.set(endpoint, (means = []));
    const own = classOf(bytes);
    const mean = (means[own] ??= { ms, count: 0, known: false });
    if (!finished && ms <= mean.ms && mean.count > 0) return;
    mean.count++;
    mean.ms += (ms - mean.ms) * Math.max(WEIGHT, 1 / mean.count);
    mean.known ||= finished;
  }
}

const classOf = (bytes: number): number => Math.min(CLASSES - 1, Math.floor(Math.log2(Math.max(1, bytes))));
