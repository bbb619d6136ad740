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
  /** Whether requests of its kind were seen: else it is a guess by its bytes. */
  readonly known: boolean;
}

interface Mean {
  ms: number;
  count: number;
}

/**
 * Time that requests take a lane, in milliseconds: for each endpoint and size of body (powers of two) an exponentially
 * weighted mean of those that finished. A size that was not seen is estimated from the nearest that was, and by its bytes
 * where it is larger; an endpoint that was not, by bytes alone. Those that were stopped say nothing: one client's endless work
 * is not to shut out others.
 */
export class Estimates {
  readonly #endpoints = new Map<string, (Mean | undefined)[]>();

  of(endpoint: string | undefined, bytes: number): Estimate {
    const means = endpoint === undefined ? undefined : this.#endpoints.get(endpoint);
    const own = classOf(bytes);
    for (let far = 0; means !== undefined && far < CLASSES; far++) {
      const below = means[own - far];
      // Much of what a small request takes is no matter of its bytes.
      if (below !== undefined)
        return { ms: below.ms + (far > 0 ? bytes * PRIOR_MS_PER_BYTE : 0), known: far <= 1 };
      const above = means[own + far];
      if (above !== undefined) return { ms: above.ms, known: far <= 1 };
    }
    return { ms: PRIOR_MS + bytes * PRIOR_MS_PER_BYTE, known: false };
  }

  /** A request that finished had a lane for `ms`. */
  learn(endpoint: string, bytes: number, ms: number): void {
    let means = this.#endpoints.get(endpoint);
    if (means === undefined) this.#endpoints.set(endpoint, (means = []));
    const mean = (means[classOf(bytes)] ??= { ms, count: 0 });
    mean.count++;
    mean.ms += (ms - mean.ms) * Math.max(WEIGHT, 1 / mean.count);
  }
}

const classOf = (bytes: number): number => Math.min(CLASSES - 1, Math.floor(Math.log2(Math.max(1, bytes))));
