/** Composition root of a lane: a worker thread that runs one request at a time over the arena it is told of. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { codecs } from './adapters/codecs/codecs.js';
import { readCsv } from './adapters/csv/read.js';
import { readJson, readNdjson } from './adapters/json/read.js';
import { writeJson } from './adapters/json/write.js';
import { optionsCheck } from './adapters/schema/options.js';
import { endpoints } from './domain/endpoints.js';
import { journey } from './domain/journey.js';
import type { ArenaMemory, FromLane, LaneStart, ToLane } from './engine/lanes/protocol.js';
import { collector } from './engine/lanes/collect.js';
import { Arena } from './engine/wasm/arena.js';
import { Arriving, Starved } from './engine/wasm/arriving.js';
import { wasmEngine } from './engine/wasm/engine.js';
import { instantiate, type Kernels } from './engine/wasm/exports.js';
import type { Engine } from './ports/engine.js';
import type { Decoder, Format, TableWriter } from './ports/formats.js';
import type { Answer } from './ports/lanes.js';
import { Problem } from './ports/problem.js';
import type { Space } from './ports/space.js';

const port = parentPort;
if (port === null) throw new Error('lane.js is started by main.js as a worker thread');
const start = workerData as LaneStart;
const send = (message: FromLane, transfer: ArrayBuffer[] = []): void => {
  port.postMessage(message, transfer);
};

/** Arenas seen before, with the instance over each. */
const arenas = new Map<number, { memory: ArenaMemory; kernels: Kernels | undefined }>();
const checkOptions = optionsCheck(new Map(endpoints.map(({ name, options }) => [name, options])));
const collect = collector();
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const heap: Space = {
  float64: (length) => new Float64Array(length),
  bytes: (length) => new Uint8Array(length),
};

function arenaOf(message: Extract<ToLane, { type: 'job' }>): {
  memory: ArenaMemory;
  kernels: Kernels | undefined;
} {
  const known = arenas.get(message.arena);
  if (known !== undefined) return known;
  const { memory } = message;
  if (memory === undefined) throw new Error(`arena ${message.arena} was never sent`);
  const instance =
    start.module === undefined || memory instanceof SharedArrayBuffer
      ? undefined
      : instantiate(start.module, memory);
  const arena = { memory, kernels: instance };
  arenas.set(message.arena, arena);
  return arena;
}

type Message = Extract<ToLane, { type: 'job' }>;

/** What takes long to load and is not needed by every request: loaded when first needed, or when the lane idles. */
const later = {
  js: undefined as Engine | undefined,
  write: undefined as TableWriter | undefined,
  decoders: { json: readJson, ndjson: readNdjson, csv: readCsv } as Partial<Record<Format, Decoder>>,
  async loadJs(): Promise<void> {
    const { jsEngine } = await import('./engine/js/engine.js');
    this.js ??= await jsEngine();
  },
  async loadWriter(): Promise<void> {
    this.write ??= (await import('./adapters/arrow/write.js')).writeArrow;
  },
  async loadDecoder(format: Format): Promise<void> {
    if (format === 'arrow') this.decoders.arrow ??= (await import('./adapters/arrow/read.js')).readArrow;
    if (format === 'parquet')
      this.decoders.parquet ??= (await import('./adapters/parquet/read.js')).readParquet;
  },
};
/** Thrown where a request turns out to need what is not loaded yet: it is loaded, and the request starts again. */
class NeedsJs extends Error {}
const IDLE_MS = 300;

async function main(): Promise<void> {
  if (start.engine === 'js') await later.loadJs();
  port!.on('message', (message: ToLane) => {
    if (message.type === 'forget') {
      arenas.delete(message.arena);
      if (message.collect) collect('major');
    } else void run(message);
  });
  send({ type: 'ready' });
  setTimeout(() => {
    void later.loadDecoder('arrow');
  }, IDLE_MS);
}

async function run(message: Message): Promise<void> {
  try {
    await later.loadDecoder(message.job.format);
    if (message.job.accept === 'arrow') await later.loadWriter();
    const answer = await compute(message);
    const { body } = answer;
    // A view of its own memory is moved, not copied, to the thread that sends it.
    const own = body.byteLength === body.buffer.byteLength && body.buffer instanceof ArrayBuffer;
    send({ type: 'answer', id: message.id, answer }, own ? [body.buffer] : []);
  } catch (error) {
    if (error instanceof Starved) {
      send({ type: 'starved', id: message.id });
      return;
    }
    if (!(error instanceof NeedsJs)) {
      fail(message, error);
      return;
    }
    await later.loadJs();
    await run(message);
  }
}

async function compute(message: Message): Promise<Answer> {
  const { memory, kernels } = arenaOf(message);
  const buffer = memory instanceof SharedArrayBuffer ? memory : memory.buffer;
  const body = new Uint8Array(buffer, message.start, message.length);
  const arena =
    kernels === undefined || memory instanceof SharedArrayBuffer
      ? undefined
      : new Arena(memory, message.start + message.length, start.requestBytes);
  if (arena !== undefined && message.watch !== undefined)
    arena.arriving = new Arriving(buffer, message.watch, message.start, message.length);
  const wasm = arena === undefined || kernels === undefined ? undefined : wasmEngine(kernels, arena);
  const { decoders, write } = later;
  return journey(body, message.job, {
    decoders,
    checkOptions,
    writeJson,
    writeArrow: write,
    sha256,
    engine(name) {
      if (name === 'js' || (name === 'auto' && start.engine === 'js')) {
        if (later.js === undefined) throw new NeedsJs();
        return later.js;
      }
      if (wasm !== undefined) return wasm;
      const detail = 'expected an engine that runs here, got "wasm"';
      throw Problem.at('/options/engine', 'engine_unavailable', detail);
    },
    space: arena ?? heap,
    limits: start.limits,
    codecs,
    version: start.version,
  });
}

function fail({ id, arena }: { id: number; arena: number }, error: unknown): void {
  if (error instanceof Problem) {
    send({
      type: 'problem',
      id,
      code: error.code,
      detail: error.message,
      faults: error.faults,
      trapped: false,
    });
    return;
  }
  const trapped = 'WebAssembly' in globalThis && error instanceof WebAssembly.RuntimeError;
  // After a trap nothing in the memory can be trusted.
  if (trapped) arenas.delete(arena);
  console.error(
    JSON.stringify({
      level: 'error',
      msg: 'request failed in a lane',
      error: String(error),
      stack: error instanceof Error ? error.stack : undefined,
    }),
  );
  const code = trapped ? 'kernel_trap' : 'internal_error';
  const detail = trapped
    ? 'a kernel stopped on data it did not expect'
    : 'the service failed on this request';
  send({ type: 'problem', id, code, detail, faults: [], trapped });
}

void main();
