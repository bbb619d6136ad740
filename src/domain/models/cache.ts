import type { Json } from '../../ports/formats.js';
import type { JobModel } from '../../ports/lanes.js';
import { type OpenOnnx, RuntimeLost } from '../../ports/onnx.js';
import { readModel } from './document.js';
import { footprint } from './footprint.js';
import type { OpenModel } from './model.js';

/** What opens models: loaded when the first of its kind is asked. */
export interface Openers {
  readonly openOnnx: OpenOnnx | undefined;
}

export interface Opened {
  readonly model: OpenModel;
  /** About what it takes in memory. */
  readonly bytes: number;
  /** Whether it was not there before. */
  readonly fresh: boolean;
}

/**
 * Models as a lane made them of their documents, by hash: the last used ones, of at most `budget` bytes in memory. One that
 * is larger alone is kept until another is asked.
 */
export class ModelCache {
  readonly #models = new Map<string, { readonly model: OpenModel; readonly bytes: number }>();
  #bytes = 0;
  #fresh = 0;

  constructor(readonly budget: number) {}

  /**
   * Whether documents of many bytes were opened since it last said yes: the shared memory of those that are dropped goes back
   * to the system only when every thread that knew it has collected, and for the collector it counts as nothing.
   */
  wantsCollection(): boolean {
    const stale = this.#fresh > Math.max(LEAST_STALE, this.budget / 4);
    if (stale) this.#fresh = 0;
    return stale;
  }

  /** Throws Problem `invalid_model`. */
  async open(job: JobModel, openers: Openers): Promise<Opened> {
    const { name, version, sha256 } = job;
    const known = this.#models.get(sha256);
    if (known !== undefined) {
      this.#models.delete(sha256);
      this.#models.set(sha256, known);
      // The same file may be stored under other names, with columns and classes named otherwise.
      const model: OpenModel =
        known.model.kind === 'onnx' && job.format === 'onnx'
          ? { ...known.model, name, version, card: job.card }
          : { ...known.model, name, version };
      return { ...known, model, fresh: false };
    }
    // What it takes is known when it is open; for as long as that takes, its document says enough.
    await this.#makeRoom(job.document.byteLength);
    this.#fresh += job.document.byteLength;
    const model = await this.#opened(job, openers);
    const bytes = bytesOf(model, job.document.byteLength);
    await this.#makeRoom(bytes);
    this.#models.set(sha256, { model, bytes });
    this.#bytes += bytes;
    return { model, bytes, fresh: true };
  }

  /** Sessions share the memory of their runtime: where one finds no room, the others make it. */
  async #opened(job: JobModel, openers: Openers): Promise<OpenModel> {
    try {
      return await opened(job, openers);
    } catch (error) {
      if (job.format !== 'onnx' || error instanceof RuntimeLost || this.#models.size === 0) throw error;
      await this.#makeRoom(Infinity);
      return opened(job, openers);
    }
  }

  /** Drops those that were used longest ago until so many bytes are free, or none is left. */
  async #makeRoom(bytes: number): Promise<void> {
    for (const [sha256, oldest] of this.#models) {
      if (this.#bytes + bytes <= this.budget) return;
      this.#models.delete(sha256);
      this.#bytes -= oldest.bytes;
      if (oldest.model.kind === 'onnx') await oldest.model.session.release();
    }
  }
}

/** A collection takes as long as opening a document of some MiB. */
const LEAST_STALE = 16 * 2 ** 20;

/** ONNX Runtime has the weights of a document a second time, behind the document. */
const ONNX_COPIES = 2;

const bytesOf = (opened: OpenModel, document: number): number =>
  opened.kind === 'onnx' ? document * ONNX_COPIES : footprint(opened.model as unknown as Json);

async function opened(job: JobModel, { openOnnx }: Openers): Promise<OpenModel> {
  const { name, version } = job;
  const bytes = new Uint8Array(job.document);
  if (job.format === 'pipeline') return { kind: 'pipeline', name, version, model: readModel(bytes) };
  if (openOnnx === undefined) throw new Error('the reader of ONNX is not loaded');
  return { kind: 'onnx', name, version, card: job.card, session: await openOnnx(bytes) };
}
