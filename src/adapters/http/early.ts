import type { BodyFormat } from '../../ports/formats.js';
import type { Answer, Landing } from '../../ports/lanes.js';

/** Bodies from this size on are worth being read before they are whole. */
const LARGE = 4 * 2 ** 20;
/** Bytes after which the pace of an upload can be told. */
const FIRST = 2 ** 20;
/** The rest must be due within this, or the lane would wait more than it works. */
const SOON_MS = 250;

export type Begin = (landing: Landing, format: BodyFormat) => Promise<Answer> | undefined;

/** Has a large body of known length read while it arrives, once its end is near at the pace that it came so far. */
export class HeadStart {
  answer: Promise<Answer> | undefined;
  readonly #started = performance.now();
  #asked = false;

  /** `refused`: what was begun failed before the body was whole. */
  constructor(
    readonly expectedBytes: number,
    readonly format: BodyFormat,
    readonly begin: Begin,
    readonly refused: (error: unknown) => void,
  ) {}

  /** Looks at what has landed so far. */
  look(landing: Landing | undefined): void {
    if (this.#asked || landing === undefined || this.expectedBytes < LARGE) return;
    const { length } = landing;
    const left = this.expectedBytes - length;
    if (length < FIRST || left <= 0) return;
    if ((performance.now() - this.#started) * left > SOON_MS * length) return;
    this.#asked = true;
    this.answer = this.begin(landing, this.format);
    this.answer?.catch(this.refused);
  }
}
