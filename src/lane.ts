/** Composition root of a lane: a worker thread that runs one request at a time over the arena it is told of. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { codecs } from './adapters/codecs/codecs.js';
import { readCsv } from './adapters/csv/read.js';
import { readJson, readNdjson } from './adapters/json/read.js';
import { writeJson } from './adapters/json/write.js';
import { optionsCheck } from './adapters/schema/options.js';
import { setClock } from './domain/clock.js';
import type { TableWriters } from './domain/endpoint.js';
import { laneEndpoints } from './domain/endpoints.js';
import { journey, type JourneyTools } from './domain/journey.js';
import { ModelCache } from './domain/models/cache.js';
import { importOnnx } from './domain/models/import-onnx.js';
import type { ArenaMemory, FromLane, LaneStart, ToLane } from './engine/lanes/protocol.js';
import { collector } from './engine/lanes/collect.js';
import { reporter, type Reporter } from './engine/lanes/reporter.js';
import { HEADER_BYTES } from './engine/lanes/arenas.js';
import { TeamControl } from './engine/team.js';
import { Arena } from './engine/wasm/arena.js';
import { Arriving, Starved } from './engine/wasm/arriving.js';
import { wasmEngine } from './engine/wasm/engine.js';
import { instantiate, type Kernels } from './engine/wasm/exports.js';
import { Cancelled, help, HelperFault, Team } from './engine/wasm/team.js';
import type { Engine } from './ports/engine.js';
import type { BodyFormat, Decoder, PageWriter, TableWriter } from './ports/formats.js';
import type { InferenceWriter } from './ports/inference.js';
import type { Answer } from './ports/lanes.js';
import { failureOf } from './ports/log.js';
import { RuntimeLost, type OpenOnnx } from './ports/onnx.js';
import { Problem } from './ports/problem.js';
import { Stopped } from './ports/progress.js';
import type { Space } from './ports/space.js';
import type { Span } from './ports/trace.js';

const port = parentPort;
if (port === null) throw new Error('lane.js is started by main.js as a worker thread');
const start = workerData as LaneStart;
const send = (message: FromLane, transfer: ArrayBuffer[] = []): void => {
  port.postMessage(message, transfer);
};

/** Arenas seen before, and the instance over each that was computed in. */
const arenas = new Map<number, ArenaMemory>();
const instances = new Map<number, Kernels>();
const checkOptions = optionsCheck(laneEndpoints);
const models = new ModelCache(start.modelBytes);
const collect = collector();
const sha256 = (parts: Iterable<string | Uint8Array>): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** Room of a request where there is no arena, up to the same limit. */
function heap(limit: number): Space {
  let taken = 0;
  const take = (bytes: number): number => {
    taken += bytes;
    if (taken <= limit) return bytes;
    throw new Problem(
      'out_of_memory',
      `expected a request that needs at most ${limit} bytes, got one that needs more`,
    );
  };
  return {
    float64: (length) => new Float64Array(take(length * 8) / 8),
    bytes: (length) => new Uint8Array(take(length)),
    scratch(use) {
      const before = taken;
      try {
        return use();
      } finally {
        taken = before;
      }
    },
  };
}

function memoryOf({ arena, memory }: Extract<ToLane, { type: 'job' | 'help' }>): ArenaMemory {
  const known = memory ?? arenas.get(arena);
  if (known === undefined) throw new Error(`arena ${arena} was never sent`);
  arenas.set(arena, known);
  return known;
}

/** Kernels over an arena; none where there is no WebAssembly. */
function kernelsOf(arena: number, memory: ArenaMemory): Kernels | undefined {
  if (start.module === undefined || memory instanceof SharedArrayBuffer) return undefined;
  const known = instances.get(arena) ?? instantiate(start.module, memory);
  instances.set(arena, known);
  return known;
}

function forget(arena: number): void {
  arenas.delete(arena);
  instances.delete(arena);
}

type Message = Extract<ToLane, { type: 'job' }>;

/** What takes long to load and is not needed by every request: loaded when first needed, or when the lane idles. */
const later = {
  js: undefined as Engine | undefined,
  write: undefined as TableWriter | undefined,
  page: undefined as PageWriter | undefined,
  inference: undefined as InferenceWriter | undefined,
  openOnnx: undefined as OpenOnnx | undefined,
  tables: undefined as TableWriters | undefined,
  decoders: { json: readJson, ndjson: readNdjson, csv: readCsv } as Partial<Record<BodyFormat, Decoder>>,
  async loadJs(): Promise<void> {
    const { jsEngine } = await import('./engine/js/engine.js');
    this.js ??= await jsEngine();
  },
  async loadWriter(): Promise<void> {
    this.write ??= (await import('./adapters/arrow/write.js')).writeArrow;
  },
  async loadPage(): Promise<void> {
    this.page ??= (await import('./adapters/html/page.js')).writePage;
  },
  async loadTables(): Promise<void> {
    const [{ writeDataset }, { writeCsv }, { writeRows }] = await Promise.all([
      import('./adapters/arrow/dataset.js'),
      import('./adapters/csv/write.js'),
      import('./adapters/json/rows.js'),
    ]);
    this.tables ??= {
      dataset: (table, compress) => writeDataset(table, compress ? codecs.lz4.encode : undefined),
      csv: writeCsv,
      ndjson: writeRows,
    };
  },
  async loadOnnx(): Promise<void> {
    this.openOnnx ??= await (await import('./adapters/onnx/open.js')).startOnnx(start.requestBytes);
  },
  async loadDecoder(format: BodyFormat): Promise<void> {
    if (format === 'arrow') this.decoders.arrow ??= (await import('./adapters/arrow/read.js')).readArrow;
    if (format === 'parquet')
      this.decoders.parquet ??= (await import('./adapters/parquet/read.js')).readParquet;
    if (format === 'inference') {
      this.decoders.inference ??= (await import('./adapters/inference/read.js')).readInference;
      this.inference ??= (await import('./adapters/inference/write.js')).writeInference;
    }
    if (format === 'invocations')
      this.decoders.invocations ??= (await import('./adapters/inference/invocations.js')).readInvocations;
  },
};
/** Thrown where a request turns out to need what is not loaded yet: it is loaded, and the request starts again. */
class NeedsJs extends Error {}
const IDLE_MS = 300;
const PREPARE_MS = 20;

async function main(): Promise<void> {
  // A thread's own origin is what the wall clock says at its start, which may have been set since the process began.
  setClock(start.clock.time + (Number(process.hrtime.bigint()) - start.clock.at) / 1e6);
  if (start.engine === 'js') await later.loadJs();
  port!.on('message', (message: ToLane) => {
    if (message.type === 'job') void run(message);
    else if (message.type === 'help') assist(message);
    else {
      forget(message.arena);
      if (message.collect) collect('major');
    }
  });
  send({ type: 'ready' });
  setTimeout(() => {
    void later.loadDecoder('arrow');
    prepare();
  }, IDLE_MS);
}

/** One schema at a time: a request that comes meanwhile waits for no more. */
function prepare(): void {
  if (checkOptions.prepare()) setTimeout(prepare, PREPARE_MS);
}

async function run(message: Message): Promise<void> {
  const spans: Span[] = [];
  try {
    const { job } = message;
    await later.loadDecoder(job.format);
    if (job.reference !== undefined) await later.loadDecoder(job.reference.format);
    if (job.accept === 'arrow') await later.loadWriter();
    if (job.accept === 'html') await later.loadPage();
    if (job.model?.format === 'onnx' || job.endpoint === importOnnx.name) await later.loadOnnx();
    if (job.endpoint.startsWith('datasets.')) await later.loadTables();
    const report = message.job.progress === true ? reporterOf(message) : undefined;
    const answer = { ...(await compute(message, spans, report)), ...textOf(message, spans) };
    report?.flush();
    send(
      { type: 'answer', id: message.id, answer },
      moved(answer.body, answer.model?.document, answer.dataset?.document),
    );
    if (models.wantsCollection()) collect('major');
  } catch (error) {
    if (error instanceof Starved) {
      send({ type: 'starved', id: message.id });
      return;
    }
    // Stopped softly with nothing to give: as if it had been cancelled.
    if (error instanceof Cancelled || error instanceof Stopped) {
      send({ type: 'cancelled', id: message.id });
      return;
    }
    if (!(error instanceof NeedsJs)) {
      fail(message, error, textOf(message, spans));
      return;
    }
    await later.loadJs();
    await run(message);
  }
}

const reporterOf = ({ id }: Message): Reporter =>
  reporter((step) => {
    send({ type: 'progress', id, step });
  });

/** Spans as they are sent on: text that no thread before the last one reads. */
const textOf = ({ job }: Message, spans: readonly Span[]): Timed =>
  job.traced === true ? { spans: JSON.stringify(spans) } : {};
type Timed = Pick<Answer, 'spans'>;

/** Memories that views have to themselves: they are moved, not copied, to the thread that sends or stores them. */
const moved = (...views: readonly (Uint8Array | undefined)[]): ArrayBuffer[] =>
  views.flatMap((view) =>
    view?.buffer instanceof ArrayBuffer && view.byteLength === view.buffer.byteLength ? [view.buffer] : [],
  );

/** Works at another lane's request. Whatever goes wrong here is that request's. */
function assist(message: Extract<ToLane, { type: 'help' }>): void {
  const memory = memoryOf(message);
  const control = controlOf(memory, message.start);
  control.join(message.generation, () => {
    try {
      const kernels = kernelsOf(message.arena, memory);
      if (kernels !== undefined) help(kernels, control, message.start - HEADER_BYTES, message.helper);
    } catch (error) {
      instances.delete(message.arena);
      control.fail(message.generation);
      logError(error, 'a lane failed while it helped');
    }
  });
  send({ type: 'left' });
}

const controlOf = (memory: ArenaMemory, start: number): TeamControl =>
  new TeamControl(memory instanceof SharedArrayBuffer ? memory : memory.buffer, start - HEADER_BYTES);

async function compute(message: Message, spans: Span[], report: Reporter | undefined): Promise<Answer> {
  const memory = memoryOf(message);
  const kernels = kernelsOf(message.arena, memory);
  const buffer = memory instanceof SharedArrayBuffer ? memory : memory.buffer;
  const body = new Uint8Array(buffer, message.start, message.length);
  const arena =
    kernels === undefined || memory instanceof SharedArrayBuffer
      ? undefined
      : new Arena(memory, message.start + message.length, start.requestBytes);
  if (arena !== undefined && message.watch !== undefined)
    arena.arriving = new Arriving(buffer, message.watch, message.start, message.length);
  const control = controlOf(memory, message.start);
  const called = { for: false };
  const pointer = message.start - HEADER_BYTES;
  const ask = (): void => {
    called.for = true;
    send({ type: 'wants', id: message.id });
  };
  const wasm =
    arena === undefined || kernels === undefined
      ? undefined
      : wasmEngine(kernels, arena, new Team(kernels, arena, { pointer, control, lanes: start.lanes, ask }));
  const { decoders, write, page, inference, tables } = later;
  const tools: JourneyTools = {
    checkpoint() {
      if (control.cancelled) throw new Cancelled('the request was cancelled');
    },
    progress: report && { tell: report.tell, stopping: () => control.stopping },
    decoders,
    checkOptions,
    writeJson,
    writeArrow: write,
    writePage: page,
    writeInference: inference,
    tables,
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
    space: arena ?? heap(start.requestBytes),
    limits: start.limits,
    codecs,
    models,
    openOnnx: later.openOnnx,
    version: start.version,
    spans,
  };
  try {
    return await journey(body, message.job, tools);
  } catch (error) {
    // What helpers are still at is for nothing.
    if (called.for && !(error instanceof NeedsJs)) control.cancel();
    throw error;
  } finally {
    if (called.for) dismiss(control);
  }
}

/** Until helpers of a request are gone, its memory is not free. */
const DISMISS_MS = 5_000;

function dismiss(control: TeamControl): void {
  control.close();
  if (!control.empty(DISMISS_MS)) throw new HelperFault('a lane that helped did not come back');
}

function fail({ id, arena }: { id: number; arena: number }, error: unknown, timed: Timed): void {
  if (error instanceof Problem) {
    send({
      type: 'problem',
      id,
      code: error.code,
      detail: error.message,
      faults: error.faults,
      trapped: false,
      ...timed,
      ended: error instanceof RuntimeLost,
    });
    return;
  }
  const ended = error instanceof HelperFault;
  const trapped = ended || ('WebAssembly' in globalThis && error instanceof WebAssembly.RuntimeError);
  // After a trap nothing in the memory can be trusted.
  if (trapped) instances.delete(arena);
  logError(error, 'request failed in a lane');
  const code = ended ? 'lane_lost' : trapped ? 'kernel_trap' : 'internal_error';
  send({ type: 'problem', id, code, detail: FAILED[code], faults: [], trapped, ...timed });
}

const FAILED = {
  lane_lost: 'a lane that computed this request failed; other requests go on',
  kernel_trap: 'a kernel stopped on data it did not expect',
  internal_error: 'the service failed on this request',
} as const;

function logError(error: unknown, what: string): void {
  send({ type: 'fault', what, failure: failureOf(error) });
}

// Node's own listener would print them as text.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  logError(warning, 'a warning of Node in a lane');
});

void main();
