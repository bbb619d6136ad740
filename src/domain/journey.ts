import type { Engine, EngineName } from '../ports/engine.js';
import type {
  Codecs,
  Decoder,
  Format,
  Json,
  JsonWriter,
  OptionsCheck,
  TableWriter,
} from '../ports/formats.js';
import type { Answer, Job } from '../ports/lanes.js';
import { token, type TableLimits } from '../ports/limits.js';
import { excerpt, Problem } from '../ports/problem.js';
import type { Space } from '../ports/space.js';
import type { Span } from '../ports/trace.js';
import { KernelClock, now, round } from './clock.js';
import { endpoints } from './endpoints.js';
import { Notes } from './notes.js';
import { arrowAnswer, columnBytes, columnsText, withColumns } from './tables.js';

/** What a lane gives to a request's way. */
export interface JourneyTools {
  /** Throws when the request was cancelled. */
  readonly checkpoint: () => void;
  /** Those that are loaded: at least the one that the job needs. */
  readonly decoders: Readonly<Partial<Record<Format, Decoder>>>;
  readonly checkOptions: OptionsCheck;
  readonly writeJson: JsonWriter;
  /** Loaded when the job asks for Arrow. */
  readonly writeArrow: TableWriter | undefined;
  /** Of the parts, one behind the other, in hexadecimal. */
  readonly sha256: (parts: Iterable<string | Uint8Array>) => string;
  /** The engine of a name over this request's memory. Throws Problem `engine_unavailable`. */
  readonly engine: (name: EngineName | 'auto') => Engine;
  readonly space: Space;
  readonly limits: TableLimits;
  readonly codecs: Codecs;
  readonly version: string;
}

/** A request's way through a lane: decode, compute, encode. Throws Problem. */
export async function journey(body: Uint8Array, job: Job, tools: JourneyTools): Promise<Answer> {
  const endpoint = endpoints.find(({ name }) => name === job.endpoint);
  if (endpoint === undefined)
    throw new Problem('not_found', `expected a known endpoint, got ${job.endpoint}`);
  const spans: Span[] = [];
  const started = now();
  const { space, limits, codecs } = tools;
  const decode = tools.decoders[job.format];
  if (decode === undefined) throw new Error(`no decoder is loaded for ${job.format}`);
  const decodedBody = await decode(body, {
    space,
    engine: tools.engine('auto'),
    limits,
    codecs,
  });
  const { table, beside = new Map<string, unknown>() } = decodedBody;
  refuseStrangers(beside, endpoint.beside ?? []);
  const options = tools.checkOptions.options(endpoint.name, {
    body: optionsOf(decodedBody.options, job.options),
    beside,
    query: job.query,
  });
  tools.checkpoint();
  const decoded = now();
  spans.push({
    name: 'decode',
    start: started,
    end: decoded,
    attributes: {
      'analytics.format': job.format,
      'analytics.bytes': body.length,
      'analytics.rows': table.rows,
    },
  });

  const notes = new Notes();
  const clock = new KernelClock();
  const engine = clock.watch(tools.engine(engineOption(options.values)));
  const result = endpoint.run({
    table,
    options: options.values,
    pointer: options.pointer,
    part: (name, value, at) => tools.checkOptions.part(endpoint.name, name, value, at),
    engine,
    space,
    limits,
    notes,
  });
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
  spans.push(...clock.spans());

  const { writeArrow } = tools;
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
  });
  const answer = (): Pick<Answer, 'contentType' | 'body'> => {
    if (arrow !== undefined && writeArrow !== undefined) {
      const lz4 = job.arrowCompression === 'lz4' ? codecs.lz4.encode : undefined;
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
  return { contentType, body: answered, spans };
}

function* hashed(results: string, columns: Iterable<string | Uint8Array>): Iterable<string | Uint8Array> {
  yield results;
  yield* columns;
}

/** Throws `invalid_request` for a member of a JSON body that has no business beside the data. */
function refuseStrangers(beside: ReadonlyMap<string, unknown>, welcome: readonly string[]): void {
  for (const key of beside.keys()) {
    if (welcome.includes(key)) continue;
    const names = ['data', 'columns', 'options', ...welcome].map((name) => JSON.stringify(name)).join(', ');
    const detail = `expected only ${names} at the top, got ${JSON.stringify(excerpt(key))}`;
    throw Problem.at(`/${token(key)}`, 'invalid_request', detail);
  }
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
