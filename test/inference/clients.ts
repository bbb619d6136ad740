import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type JsonValue, postJson, ROOT, type Service } from '../service.js';

/** A call of a real client: the bytes that it sent, and what it made of the answer. Made by triton.py. */
export interface Call {
  readonly name: string;
  /** Base64: a request of HTTP/1.1, or several. */
  readonly request: string;
  readonly answer: JsonValue;
}

export const SCRIPT = join(ROOT, 'test', 'inference', 'triton.py');
const read = (file: string): string => readFileSync(join(ROOT, 'test', 'inference', file), 'utf8');
export const recorded = JSON.parse(read('triton.json')) as readonly Call[];
export const models = JSON.parse(read('models.json')) as readonly { readonly name: string }[];

export async function storeModels({ url }: Service): Promise<void> {
  for (const model of models) {
    const { status, text } = await postJson(`${url}/models`, model);
    if (status !== 201) throw new Error(`expected ${model.name} to be stored, got ${text}`);
  }
}

/** Where each request begins in what was sent; a body may end without a line. */
export const startsOf = (sent: string): number[] =>
  [...sent.matchAll(/(?:GET|POST) \/v2\S* HTTP\/1\.1\r\n/gu)].map(({ index }) => index);

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** Sends bytes as they are, and reads so many answers from the connection. */
export function exchange({ url }: Service, bytes: Uint8Array, count: number): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const answers: RawAnswer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.on('error', reject);
    socket.on('end', () => {
      reject(new Error(`expected ${count} answers, got ${answers.length}`));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (;;) {
        const end = received.indexOf('\r\n\r\n');
        if (end < 0) return;
        const [first = '', ...lines] = received.subarray(0, end).toString('latin1').split('\r\n');
        const headers = new Map(
          lines.map((line) => {
            const [name = '', ...value] = line.split(': ');
            return [name.toLowerCase(), value.join(': ')];
          }),
        );
        const length = Number(headers.get('content-length') ?? NaN);
        if (Number.isNaN(length)) throw new Error(`expected an answer of known length, got ${first}`);
        if (received.length < end + 4 + length) return;
        const body = received.subarray(end + 4, end + 4 + length);
        answers.push({ status: Number(first.split(' ')[1]), headers, body });
        received = received.subarray(end + 4 + length);
        if (answers.length < count) continue;
        socket.destroy();
        resolve(answers);
        return;
      }
    });
  });
}

interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data?: JsonValue[];
  readonly parameters?: { readonly binary_data_size: number };
}

export interface Inference {
  readonly model_name: string;
  readonly model_version: string;
  readonly id?: string;
  readonly outputs: readonly (Omit<Tensor, 'data'> & { readonly values: readonly JsonValue[] })[];
}

/** An answer of the protocol, its binary tensors read; NaN as null. */
export function inferenceOf({ headers, body }: Pick<RawAnswer, 'headers' | 'body'>): Inference {
  const length = Number(headers.get('inference-header-content-length') ?? body.length);
  const head = JSON.parse(body.subarray(0, length).toString()) as Omit<Inference, 'outputs'> & {
    readonly outputs: readonly Tensor[];
  };
  let at = length;
  const outputs = head.outputs.map(({ data, ...tensor }) => {
    const size = tensor.parameters?.binary_data_size;
    if (size === undefined) return { ...tensor, values: data ?? [] };
    const bytes = body.subarray(at, at + size);
    at += size;
    return { ...tensor, values: valuesOf(tensor.datatype, bytes) };
  });
  if (at !== body.length) throw new Error(`expected ${at} bytes, got ${body.length}`);
  return { ...head, outputs };
}

function valuesOf(datatype: string, bytes: Buffer): JsonValue[] {
  const values: JsonValue[] = [];
  if (datatype === 'BYTES') {
    for (let at = 0; at < bytes.length;) {
      const length = bytes.readUInt32LE(at);
      values.push(bytes.subarray(at + 4, at + 4 + length).toString());
      at += 4 + length;
    }
    return values;
  }
  const size = datatype === 'BOOL' ? 1 : 8;
  for (let at = 0; at < bytes.length; at += size) {
    if (datatype === 'BOOL') values.push(bytes[at] === 1);
    else if (datatype === 'INT64') values.push(Number(bytes.readBigInt64LE(at)));
    else if (datatype === 'FP64')
      values.push(Number.isNaN(bytes.readDoubleLE(at)) ? null : bytes.readDoubleLE(at));
    else throw new Error(`expected a datatype that is answered here, got ${datatype}`);
  }
  return values;
}

/** NumPy's names of the datatypes. */
const DTYPES: Readonly<Record<string, string>> = {
  BYTES: 'object',
  BOOL: 'bool',
  INT64: 'int64',
  FP64: 'float64',
};

/** An answer as the clients' script says it: outputs by name, text of MLServer's clients as a list. */
export function saidBy(client: string, answer: Inference): JsonValue {
  const outputs = Object.fromEntries(
    answer.outputs.map(({ name, datatype, shape, values }): [string, JsonValue] => [
      name,
      client === 'mlserver' && datatype === 'BYTES'
        ? [...values]
        : { dtype: DTYPES[datatype] ?? datatype, shape, values: [...values] },
    ]),
  );
  const { model_name, model_version, id = null } = answer;
  return { model_name, model_version, id, outputs };
}

/** Numbers to twelve digits: those of probabilities are not to be the same bits on every engine. */
export function rounded(value: JsonValue | undefined): JsonValue {
  if (typeof value === 'number') return Number(value.toPrecision(12));
  if (Array.isArray(value)) return value.map(rounded);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rounded(one)]));
}
