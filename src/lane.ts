/** Composition root of a lane: a worker thread that runs one request at a time over the arena it is told of. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { readArrow } from './adapters/arrow/read.js';
import { writeArrow } from './adapters/arrow/write.js';
import { readJson } from './adapters/json/read.js';
import { writeJson } from './adapters/json/write.js';
import { optionsCheck } from './adapters/schema/options.js';
import { endpoints } from './domain/endpoints.js';
import { journey } from './domain/journey.js';
import { jsEngine } from './engine/js/engine.js';
import type { ArenaMemory, FromLane, LaneStart, ToLane } from './engine/lanes/protocol.js';
import { Arena } from './engine/wasm/arena.js';
import { wasmEngine } from './engine/wasm/engine.js';
import { instantiate, type Kernels } from './engine/wasm/exports.js';
import type { Engine } from './ports/engine.js';
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
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const heap: Space = { float64: (length) => new Float64Array(length) };

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

async function main(): Promise<void> {
  const js = await jsEngine();
  port!.on('message', (message: ToLane) => {
    if (message.type === 'forget') arenas.delete(message.arena);
    else run(message, js);
  });
  send({ type: 'ready' });
}

function run(message: Extract<ToLane, { type: 'job' }>, js: Engine): void {
  try {
    const { memory, kernels } = arenaOf(message);
    const buffer = memory instanceof SharedArrayBuffer ? memory : memory.buffer;
    const body = new Uint8Array(buffer, message.start, message.length);
    const arena =
      kernels === undefined || memory instanceof SharedArrayBuffer
        ? undefined
        : new Arena(memory, message.start + message.length);
    const wasm = arena === undefined || kernels === undefined ? undefined : wasmEngine(kernels, arena);
    const answer = journey(body, message.job, {
      decoders: { json: readJson, arrow: readArrow },
      checkOptions,
      writeJson,
      writeArrow,
      sha256,
      engine(name) {
        if (name === 'js' || (name === 'auto' && start.engine === 'js')) return js;
        if (wasm !== undefined) return wasm;
        throw Problem.at(
          '/options/engine',
          'engine_unavailable',
          'expected an engine that runs here, got "wasm"',
        );
      },
      space: arena ?? heap,
      version: start.version,
    });
    // A view of its own memory is moved, not copied, to the thread that sends it.
    const own =
      answer.body.byteLength === answer.body.buffer.byteLength && answer.body.buffer instanceof ArrayBuffer;
    send({ type: 'answer', id: message.id, answer }, own ? [answer.body.buffer] : []);
  } catch (error) {
    fail(message, error);
  }
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
