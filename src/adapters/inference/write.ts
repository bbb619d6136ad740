import type { InferenceAnswer, InferenceWriter, OutputTensor } from '../../ports/inference.js';
import { Problem } from '../../ports/problem.js';

/** Elements that stand in JSON at most: its text is one string, and those have at most 2^29 characters. */
const MOST_JSON_VALUES = 20_000_000;

/** Labels are few: their bytes are made once. */
const KNOWN_TEXTS = 4096;

/**
 * JSON, with Triton's extension for binary tensor data behind it where a tensor is asked for so: the length of the JSON is in
 * `Inference-Header-Content-Length` then. Numbers that are not finite are null in JSON, and as
 * they are in binary.
 */
export const writeInference: InferenceWriter = (answer) => {
  const { outputs } = answer;
  const written = outputs.filter(({ binary }) => !binary);
  const values = written.reduce((sum, { data }) => sum + data.values.length, 0);
  if (values > MOST_JSON_VALUES) {
    const detail = `expected at most ${MOST_JSON_VALUES} values in a JSON answer, got ${values}: ask for them by binary_data_output`;
    throw new Problem('too_many_cells', detail);
  }
  const parts = outputs.map((output) => (output.binary ? binaryOf(output) : undefined));
  const head = new TextEncoder().encode(headOf(answer, parts));
  if (!parts.some((part) => part !== undefined))
    return { contentType: 'application/json', headers: {}, body: head };
  const body = new Uint8Array(head.length + parts.reduce((sum, part) => sum + (part?.length ?? 0), 0));
  body.set(head);
  let to = head.length;
  for (const part of parts) {
    if (part === undefined) continue;
    body.set(part, to);
    to += part.length;
  }
  return {
    contentType: 'application/octet-stream',
    headers: { 'inference-header-content-length': String(head.length) },
    body,
  };
};

function headOf(
  { model, version, id, outputs }: InferenceAnswer,
  parts: readonly (Uint8Array | undefined)[],
): string {
  const tensors = outputs.map(({ name, shape, data }, i) => {
    const part = parts[i];
    const facts = `"name":${JSON.stringify(name)},"datatype":"${data.datatype}","shape":${JSON.stringify(shape)}`;
    return part === undefined
      ? `{${facts},"data":${valuesText(data)}}`
      : `{${facts},"parameters":{"binary_data_size":${part.length}}}`;
  });
  const names = `"model_name":${JSON.stringify(model)},"model_version":"${version}"`;
  const said = id === undefined ? '' : `,"id":${JSON.stringify(id)}`;
  return `{${names}${said},"outputs":[${tensors.join(',')}]}`;
}

function valuesText({ datatype, values }: OutputTensor['data']): string {
  if (datatype === 'BYTES') return JSON.stringify(values);
  const texts: string[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (datatype === 'BOOL') texts.push(value === 1 ? 'true' : value === 0 ? 'false' : 'null');
    // Minus zero has no place among integers, and is 0 in JSON.
    else texts.push(Number.isFinite(value) ? String(value) : 'null');
  }
  return `[${texts.join(',')}]`;
}

function binaryOf({ data }: OutputTensor): Uint8Array {
  if (data.datatype === 'BYTES') return textsOf(data.values);
  const { datatype, values } = data;
  if (datatype === 'FP64' && values instanceof Float64Array) return new Uint8Array(values.slice().buffer);
  const view = new DataView(new ArrayBuffer(values.length * SIZES[datatype]));
  const put = WRITERS[datatype];
  for (let i = 0; i < values.length; i++) put(view, i, values[i]!);
  return new Uint8Array(view.buffer);
}

type NumberType = Exclude<OutputTensor['data']['datatype'], 'BYTES'>;

const SIZES: Readonly<Record<NumberType, number>> = { FP64: 8, FP32: 4, INT64: 8, INT32: 4, BOOL: 1 };

const WRITERS: Readonly<Record<NumberType, (view: DataView, i: number, value: number) => void>> = {
  FP64: (view, i, value) => {
    view.setFloat64(i * 8, value, true);
  },
  FP32: (view, i, value) => {
    view.setFloat32(i * 4, value, true);
  },
  INT64: (view, i, value) => {
    view.setBigInt64(i * 8, BigInt(value), true);
  },
  INT32: (view, i, value) => {
    view.setInt32(i * 4, value, true);
  },
  BOOL: (view, i, value) => {
    view.setUint8(i, value);
  },
};

/** Each text with its length in 4 bytes before it. */
function textsOf(values: readonly (string | null)[]): Uint8Array {
  const known = new Map<string, Buffer>();
  const bytes = values.map((value) => {
    if (value === null) throw new RangeError('a missing text has no bytes');
    const made = known.get(value) ?? Buffer.from(value);
    if (known.size < KNOWN_TEXTS) known.set(value, made);
    return made;
  });
  const out = Buffer.alloc(bytes.reduce((sum, { length }) => sum + 4 + length, 0));
  let at = 0;
  for (const one of bytes) {
    at = out.writeUInt32LE(one.length, at);
    at += one.copy(out, at);
  }
  return out;
}
