import { readFile } from 'node:fs/promises';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web';

/** ONNX Runtime in WebAssembly, started in this thread. */
export interface Runtime {
  readonly open: (file: Uint8Array) => Promise<InferenceSession>;
  readonly Tensor: typeof OrtTensor;
  readonly version: string;
  /** Bytes that its memory may grow to. */
  readonly most: number;
}

/** A graph of one Identity: the runtime starts with the first session. */
const IDENTITY = 'CAg6NwoQCgF4EgF5IghJZGVudGl0eRIBZ1oPCgF4EgoKCAgBEgQKAggBYg8KAXkSCgoICAESBAoCCAFCBAoAEA8=';
const PAGE = 65_536;
/** Pages that the runtime asks for when it starts. */
const FEWEST = 256;
/** Nothing but what fails is said, and that as an error: the runtime's log is not the service's. */
const SILENT = 4;

/**
 * Starts onnxruntime-web: one thread, no proxy, its WebAssembly read from the package. What it asks of the network, of other
 * files or of more than `most` bytes of memory, it does not get.
 */
export async function startRuntime(most: number): Promise<Runtime> {
  const { env, InferenceSession, Tensor } = await import('onnxruntime-web');
  env.wasm.numThreads = 1;
  env.wasm.proxy = false;
  env.logLevel = 'fatal';
  env.wasm.wasmBinary = await readFile(require.resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
  const open = (file: Uint8Array): Promise<InferenceSession> =>
    InferenceSession.create(file, {
      executionProviders: ['wasm'],
      executionMode: 'sequential',
      logSeverityLevel: SILENT,
      // Memory is given back after each run: a session keeps its parameters alone.
      enableCpuMemArena: false,
      enableMemPattern: false,
    });
  const pages = Math.max(FEWEST, Math.min(65_536, Math.floor(most / PAGE)));
  await withMemoryOf(pages, async () => (await open(Buffer.from(IDENTITY, 'base64'))).release());
  delete env.wasm.wasmBinary;
  return { open, Tensor, version: env.versions.web ?? env.versions.common, most: pages * PAGE };
}

/** Options of a run: its errors are thrown, not printed. */
export const QUIET: InferenceSession.RunOptions = { logSeverityLevel: SILENT };

/**
 * Starts what makes its own memory with one of at most so many pages: the runtime declares 4 GiB and has no setting for it.
 * The thread does nothing else meanwhile that makes one.
 */
async function withMemoryOf(pages: number, start: () => Promise<void>): Promise<void> {
  const { Memory } = WebAssembly;
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: ConstructorParameters<typeof Memory>[0]) {
      super({ ...descriptor, maximum: Math.min(descriptor.maximum, pages) });
    }
  };
  try {
    await start();
  } finally {
    WebAssembly.Memory = Memory;
  }
}
