import type { JobModel } from '../../ports/lanes.js';
import type { OpenOnnx } from '../../ports/onnx.js';
import { readModel } from './document.js';
import type { OpenModel } from './model.js';

/** What opens models: loaded when the first of its kind is asked. */
export interface Openers {
  readonly openOnnx: OpenOnnx | undefined;
}

export interface Opened {
  readonly model: OpenModel;
  readonly bytes: number;
  /** Whether it was not there before. */
  readonly fresh: boolean;
}

/** Models as a lane made them of their documents, by hash: the last used ones, of at most `budget` bytes of documents. */
export class ModelCache {
  readonly #models = new Map<string, { readonly model: OpenModel; readonly bytes: number }>();
  #bytes = 0;

  constructor(readonly budget: number) {}

  /** Throws Problem `invalid_model`. One that is larger than the budget is opened and not kept. */
  async open(job: JobModel, openers: Openers): Promise<Opened> {
    const { name, version, sha256, card } = job;
    const known = this.#models.get(sha256);
    if (known !== undefined) {
      this.#models.delete(sha256);
      this.#models.set(sha256, known);
      // The same file may be stored under other names, with columns and classes named otherwise.
      const model: OpenModel =
        known.model.kind === 'onnx'
          ? { ...known.model, name, version, card }
          : { ...known.model, name, version };
      return { ...known, model, fresh: false };
    }
    const bytes = job.document.byteLength;
    while (this.#bytes > 0 && this.#bytes + bytes > this.budget) await this.#drop();
    const model = await opened(job, openers);
    if (bytes <= this.budget) {
      this.#models.set(sha256, { model, bytes });
      this.#bytes += bytes;
    }
    return { model, bytes, fresh: true };
  }

  async #drop(): Promise<void> {
    const [oldest] = this.#models;
    if (oldest === undefined) return;
    const [sha256, { model, bytes }] = oldest;
    this.#models.delete(sha256);
    this.#bytes -= bytes;
    if (model.kind === 'onnx') await model.session.release();
  }
}

async function opened(
  { name, version, format, card, document }: JobModel,
  { openOnnx }: Openers,
): Promise<OpenModel> {
  const bytes = new Uint8Array(document);
  if (format === 'pipeline') return { kind: 'pipeline', name, version, model: readModel(bytes) };
  if (openOnnx === undefined) throw new Error('the reader of ONNX is not loaded');
  return { kind: 'onnx', name, version, card, session: await openOnnx(bytes) };
}
