import type { Engine, EngineName } from '../ports/engine.js';
import type {
  BodyFormat,
  Codecs,
  Decoded,
  Decoder,
  Json,
  JsonWriter,
  OptionsCheck,
  PageWriter,
  TableWriter,
} from '../ports/formats.js';
import type { InferenceWriter } from '../ports/inference.js';
import type { Answer, Extent, Job } from '../ports/lanes.js';
import type { OpenOnnx } from '../ports/onnx.js';
import type { Work } from '../ports/observe.js';
import { token, type TableLimits } from '../ports/limits.js';
import { excerpt, Problem } from '../ports/problem.js';
import type { Space } from '../ports/space.js';
import type { Table } from '../ports/tables.js';
import type { Span } from '../ports/trace.js';
import { KernelClock, now, round } from './clock.js';
import { laneEndpoints } from './endpoints.js';
import type { Endpoint, TableWriters } from './endpoint.js';
import type { ModelCache } from './models/cache.js';
import { Notes } from './notes.js';
import { type Progress, UNWATCHED, watchedFits } from './progress.js';
import { Trace } from './trace.js';
import { arrowAnswer, columnBytes, columnsText, withColumns } from './tables.js';

/** What a lane gives to a request's way. */
export interface JourneyTools {
  /** Throws when the request was cancelled. */
  readonly checkpoint: () => void;
  /** Where the job is watched. */
  readonly progress?: Progress | undefined;
  /** Those that are loaded: at least the one that the job needs. */
  readonly decoders: Readonly<Partial<Record<BodyFormat, Decoder>>>;
  readonly checkOptions: OptionsCheck;
  readonly writeJson: JsonWriter;
  /** Loaded when the job asks for Arrow. */
  readonly writeArrow: TableWriter | undefined;
  /** Loaded when the job asks for HTML. */
  readonly writePage: PageWriter | undefined;
  /** Loaded when the job brings tensors. */
  readonly writeInference: InferenceWriter | undefined;
  /** Loaded when the job stores a table or gives one back. */
  readonly tables: TableWriters | undefined;
  /** Of the parts, one behind the other, in hexadecimal. */
  readonly sha256: (parts: Iterable<string | Uint8Array>) => string;
  /** The engine of a name over this request's memory. Throws Problem `engine_unavailable`. */
  readonly engine: (name: EngineName | 'auto') => Engine;
  readonly space: Space;
  readonly limits: TableLimits;
  readonly codecs: Codecs;
  /** Stored models that were asked before. */
  readonly models: ModelCache;
  /** Loaded when the job has to do with ONNX. */
  readonly openOnnx: OpenOnnx | undefined;
  readonly version: string;
  /** Takes what was timed, also of a request that fails. */
  readonly spans: Span[];
}

/** A request's way through a lane: decode, compute, encode. `landed` holds its tables. Throws Problem. */
export async function journey(landed: Uint8Array, job: Job, tools: JourneyTools): Promise<Answer> {
  const endpoint = laneEndpoints.find(({ name }) => name === job.endpoint);
  if (endpoint === undefined)
    throw new Problem('not_found', `expected a known endpoint, got ${job.endpoint}`);
  const started = now();
  const { spans } = tools;
  const wait = { 'analytics.queue.wait_ms': round(job.waitMs) };
  spans.push({ name: 'queue', start: started - job.waitMs, end: started, attributes: wait });
  const body = stretch(landed, job.extent);
  const model = job.model && (await tools.models.open(job.model, tools));
  const opened = now();
  if (model?.fresh === true)
    spans.push({ name: 'load', start: started, end: opened, attributes: { 'analytics.bytes': model.bytes } });
  const decodedBody = await told(spans, 'decode', opened, () =>
    decode(body, job.format, tools, { ...job, keeps: endpoint.keeps ?? false }),
  );
  const { table } = decodedBody;
  const said = saidBeside(job, decodedBody);
  refuseStrangers(said.beside, endpoint.beside ?? []);
  const options = tools.checkOptions.options(endpoint.name, {
    body: optionsOf(said.options, job.options),
    beside: said.beside,
    query: job.query,
    depth: tools.limits.depth,
  });
  tools.checkpoint();
  const reference = job.reference && (await referenceOf(landed, job.reference, tools));
  tools.checkpoint();
  const decoded = now();
  tools.progress?.tell({ stage: 'decode', done: table.rows, total: table.rows, rows: table.rows });
  spans.push({
    name: 'decode',
    start: opened,
    end: decoded,
    attributes: {
      'analytics.format': job.format,
      'analytics.bytes': body.length,
      'analytics.rows': table.rows,
      ...(reference !== undefined && { 'analytics.reference.rows': reference.rows }),
    },
  });

  const notes = new Notes();
  const clock = new KernelClock();
  const trace = new Trace();
  const clocked = clock.watch(tools.engine(engineOption(options.values)));
  const { progress = UNWATCHED } = tools;
  const engine = progress === UNWATCHED ? clocked : watchedFits(clocked, progress, notes);
  const question: Parameters<typeof endpoint.run>[0] = {
    table,
    reference,
    options: options.values,
    pointer: options.pointer,
    part: (name, value, at) => tools.checkOptions.part(endpoint.name, name, value, at),
    engine,
    space: tools.space,
    limits: tools.limits,
    notes,
    checkpoint: tools.checkpoint,
    progress,
    trace,
    sha256: tools.sha256,
    version: tools.version,
    accept: job.accept,
    model: model?.model,
    document: job.format === 'model' ? body : undefined,
    openOnnx: tools.openOnnx,
    writeJson: tools.writeJson,
    writeInference: tools.writeInference,
    tables: tools.tables,
    compresses: job.arrowCompression === 'lz4',
  };
  const inside = (): Span[] => [...trace.spans(), ...clock.spans()];
  const result = await told(spans, 'compute', decoded, () => endpoint.run(question), inside);
  tools.checkpoint();
  const computed = now();
  spans.push({
    name: 'compute',
    start: decoded,
    end: computed,
    attributes: {
      'analytics.engine': engine.name,
      'analytics.rows': table.rows,
      'analytics.columns': result.columns,
    },
  });
  spans.push(...inside());
  const partial = notes.isPartial ? { partial: true as const } : {};
  const work = (): Work => ({
    format: job.format,
    engine: engine.name,
    rows: table.rows,
    waitMs: job.waitMs,
    decodeMs: decoded - started,
    computeMs: computed - decoded,
    encodeMs: now() - computed,
  });
  if (result.reply !== undefined) return { ...result.reply, ...partial, work: work() };

  const { writeArrow, writePage } = tools;
  const arrow = job.accept === 'arrow' && writeArrow !== undefined ? arrowAnswer(table, result) : undefined;
  // The columns of a table are written once for the answer and for its hash; in an Arrow answer they are no JSON at all.
  const value =
    result.table === undefined || arrow !== undefined
      ? result.results
      : withColumns(result.results, columnsText(result.table, tools.writeJson));
  const results = tools.writeJson(value);
  const bytes = arrow === undefined || result.table === undefined ? [] : columnBytes(result.table);
  const digest = tools.sha256(hashed(tools.writeJson(value, true), bytes));
  const meta = (): Json => ({
    engine: engine.name,
    engine_version: tools.version,
    rows: table.rows,
    columns: result.columns,
    request_id: job.requestId,
    warnings: notes.warnings().map((warning) => ({ ...warning })),
    timings_ms: {
      receive: round(job.receiveMs),
      decode: round(decoded - started),
      compute: round(computed - decoded),
      encode: round(now() - computed),
    },
    result_sha256: digest,
    ...partial,
  });
  const answer = (): Pick<Answer, 'contentType' | 'body'> => {
    if (job.accept === 'html' && result.page !== undefined && writePage !== undefined) {
      const page = writePage(result.page, {
        warnings: notes.warnings(),
        engine: engine.name,
        version: tools.version,
        requestId: job.requestId,
        resultSha256: digest,
      });
      return { contentType: 'text/html; charset=utf-8', body: new TextEncoder().encode(page) };
    }
    if (arrow !== undefined && writeArrow !== undefined) {
      const lz4 = job.arrowCompression === 'lz4' ? tools.codecs.lz4.encode : undefined;
      const metadata = new Map([
        ['results', results],
        ['meta', tools.writeJson(meta())],
      ]);
      const stream = writeArrow(arrow.table, arrow.extra, metadata, lz4);
      return { contentType: 'application/vnd.apache.arrow.stream', body: stream };
    }
    const details = tools.writeJson(result.details);
    const text = `{"status":"success","results":${results},"details":${details},"meta":${tools.writeJson(meta())}}`;
    return { contentType: 'application/json', body: new TextEncoder().encode(text) };
  };
  const { contentType, body: answered } = answer();
  spans.push({
    name: 'encode',
    start: computed,
    end: now(),
    attributes: { 'analytics.bytes': answered.length },
  });
  return {
    contentType,
    body: answered,
    work: work(),
    ...partial,
    // What was not fitted to its end is shown, not stored.
    ...(result.model !== undefined && !notes.isPartial && { model: result.model }),
    ...(result.dataset !== undefined && { dataset: result.dataset }),
  };
}

/** Notes work that fails: when it goes well, more is known of it. */
async function told<T>(
  spans: Span[],
  name: string,
  start: number,
  work: () => T | Promise<T>,
  inside: () => readonly Span[] = () => [],
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    spans.push({ name, start, end: now(), attributes: {} }, ...inside());
    throw error;
  }
}

function* hashed(results: string, columns: Iterable<string | Uint8Array>): Iterable<string | Uint8Array> {
  yield results;
  yield* columns;
}

const stretch = (landed: Uint8Array, extent: Extent | undefined): Uint8Array =>
  extent === undefined ? landed : landed.subarray(extent.offset, extent.offset + extent.length);

async function decode(
  body: Uint8Array,
  format: BodyFormat,
  tools: JourneyTools,
  { headerBytes, stored, keeps }: Pick<Job, 'headerBytes' | 'stored'> & Pick<Endpoint, 'keeps'>,
): Promise<Decoded> {
  if (format === 'model') return NO_TABLE;
  const decoder = tools.decoders[format];
  if (decoder === undefined) throw new Error(`no decoder is loaded for ${format}`);
  const { space, codecs } = tools;
  const engine = tools.engine('auto');
  // How far its own files are compressed is no attempt of anybody's.
  const limits =
    stored === true ? { ...tools.limits, decodedBytes: Infinity, ratio: Infinity } : tools.limits;
  const fieldNotes = stored === true ? 'true' : keeps === true ? 'checked' : undefined;
  return decoder(body, { space, engine, limits, codecs, headerBytes, fieldNotes });
}

/** Of a body that is a document. */
const NO_TABLE: Decoded = {
  table: {
    rows: 0,
    names: [],
    column() {
      throw new RangeError('a document has no columns');
    },
  },
  options: undefined,
};

/** The second table. Whatever is wrong with it, now or when a column is asked for, is said of the part `reference`. */
async function referenceOf(
  landed: Uint8Array,
  extent: NonNullable<Job['reference']>,
  tools: JourneyTools,
): Promise<Table> {
  try {
    const { table, options, beside } = await decode(stretch(landed, extent), extent.format, tools, extent);
    if (options !== undefined) throw stranger('options', ['data', 'columns']);
    for (const key of beside?.keys() ?? []) throw stranger(key, ['data', 'columns']);
    const { rows, names } = table;
    return {
      rows,
      names,
      column(name) {
        try {
          return table.column(name);
        } catch (error) {
          throw inReference(error);
        }
      },
    };
  } catch (error) {
    throw inReference(error);
  }
}

const inReference = (error: unknown): unknown =>
  error instanceof Problem ? error.within('reference') : error;

/** What stood beside the table: in its body, or in a document of its own that names it. */
function saidBeside(job: Job, { options, beside }: Decoded): Pick<Decoded, 'options'> & { beside: Beside } {
  if (job.beside === undefined) return { options, beside: beside ?? new Map<string, unknown>() };
  const members = new Map(Object.entries(JSON.parse(job.beside) as Readonly<Record<string, unknown>>));
  const given = members.get('options');
  for (const name of ['options', 'dataset', 'reference']) members.delete(name);
  return { options: given, beside: members };
}
type Beside = ReadonlyMap<string, unknown>;

/** Throws `invalid_request` for a member of a JSON body that has no business beside the data. */
function refuseStrangers(beside: ReadonlyMap<string, unknown>, welcome: readonly string[]): void {
  for (const key of beside.keys())
    if (!welcome.includes(key)) throw stranger(key, ['data', 'columns', 'options', ...welcome]);
}

function stranger(key: string, welcome: readonly string[]): Problem {
  const names = welcome.map((name) => JSON.stringify(name)).join(', ');
  const detail = `expected only ${names} at the top, got ${JSON.stringify(excerpt(key))}`;
  return Problem.at(`/${token(key)}`, 'invalid_request', detail);
}

/** The options that a request carried in its body, or beside it as a part of its own. */
function optionsOf(inline: unknown, part: string | undefined): unknown {
  if (part === undefined) return inline;
  if (inline !== undefined) {
    const detail = 'expected options in the JSON body or in the part "options", got both';
    throw Problem.at('/options', 'invalid_request', detail);
  }
  try {
    return JSON.parse(part);
  } catch {
    throw Problem.at(
      '/options',
      'invalid_json',
      'expected the part "options" to be JSON, got text that is not',
    );
  }
}

function engineOption(options: unknown): EngineName | 'auto' {
  const value =
    typeof options === 'object' && options !== null && 'engine' in options ? options.engine : 'auto';
  return value === 'wasm' || value === 'js' ? value : 'auto';
}
