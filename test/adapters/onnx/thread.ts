import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Tensor, TensorFacts } from '../../../src/ports/onnx.js';
import { ROOT } from '../../service.js';

export interface Opened {
  readonly inputs: readonly TensorFacts[];
  readonly outputs: readonly TensorFacts[];
  readonly classes: readonly (string | number)[] | null;
  readonly opsets: ReadonlyMap<string, number>;
  readonly version: string;
  readonly answers?: ReadonlyMap<string, Tensor>;
}
export type Told =
  | { readonly answer: Opened; readonly problem?: undefined; readonly resident: number }
  | {
      readonly answer?: undefined;
      readonly problem: { code?: string; message: string; lost: boolean; name: string };
    };
export interface Wanted {
  readonly file: Uint8Array;
  readonly feeds?: readonly (Tensor & { readonly name: string })[];
}

/** A thread with the runtime in it, as a lane has one: Jest's own modules cannot load it. */
export class OnnxThread {
  readonly #worker = new Worker(join(ROOT, 'test', 'fixtures', 'onnx', 'worker.cjs'), {
    stdout: true,
    stderr: true,
  });
  /** What it printed. */
  printed = '';

  constructor() {
    for (const stream of [this.#worker.stdout, this.#worker.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.printed += chunk.toString();
      });
  }

  /** Rejects when the thread ends or does not answer in time; then it is gone. */
  async ask(wanted: Wanted, deadlineMs = 20_000): Promise<Told> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.#worker.removeAllListeners('message').removeAllListeners('error').removeAllListeners('exit');
        end();
      };
      const timer = setTimeout(() => {
        settle(() => {
          void this.#worker.terminate();
          reject(new Error('late'));
        });
      }, deadlineMs);
      this.#worker.once('message', (told: Told) => {
        settle(() => {
          resolve(told);
        });
      });
      this.#worker.once('error', (error) => {
        settle(() => {
          reject(error);
        });
      });
      this.#worker.once('exit', (code) => {
        settle(() => {
          reject(new Error(`the thread ended with ${code}`));
        });
      });
      this.#worker.postMessage(wanted);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

const FOLDER = join(ROOT, 'test', 'golden', 'models', 'onnx');

export const modelFile = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(FOLDER, `${name}.onnx`)));

export type Row = readonly (number | string | boolean | null)[];
export interface Golden {
  readonly models: Readonly<
    Record<
      string,
      {
        readonly rows: readonly Row[];
        readonly library: {
          readonly predictions?: readonly (number | string)[];
          readonly probabilities?: readonly (readonly number[])[];
          readonly classes?: readonly (number | string)[];
          readonly scores?: readonly number[];
        };
        readonly onnxruntime: Readonly<
          Record<string, readonly (number | string | readonly (number | string)[])[]>
        >;
      }
    >
  >;
  readonly refused: readonly string[];
  readonly harmful: readonly string[];
}

/** What the libraries predict: see onnx_models.py. */
export const golden = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8')) as Golden;
