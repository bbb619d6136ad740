import { request as httpRequest } from 'node:http';
import { at, type JsonValue, postJson, type Reply, send } from '../service.js';

/** One event as it came. */
export interface Told {
  readonly id: number;
  readonly event: string;
  readonly data: JsonValue;
}

/** Stores a table. The id of its dataset. */
export async function stored(
  url: string,
  columns: Readonly<Record<string, readonly JsonValue[]>>,
): Promise<string> {
  const reply = await postJson(`${url}/datasets`, { columns });
  const id = at(reply.json, 'results', 'id');
  if (typeof id !== 'string') throw new Error(`expected a dataset, got ${reply.text}`);
  return id;
}

export const submit = (
  url: string,
  job: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> => postJson(`${url}/jobs`, job, headers);

/** Submits a job that is taken. Its address. */
export async function submitted(url: string, job: Readonly<Record<string, unknown>>): Promise<string> {
  const reply = await submit(url, job);
  if (reply.status !== 202) throw new Error(`expected 202, got ${reply.text}`);
  return `${url}${String(reply.headers['location'])}`;
}

/** The job at an address. */
export async function look(address: string): Promise<JsonValue | undefined> {
  return at((await send(address, { method: 'GET' })).json, 'results');
}

/** The events of a job behind one, until its stream ends or `enough` of them came. */
export function follow(address: string, behind = 0, enough = Infinity): Promise<Told[]> {
  return new Promise((resolve, reject) => {
    const told: Told[] = [];
    let text = '';
    const request = httpRequest(
      `${address}/events`,
      { headers: { accept: 'text/event-stream', ...(behind > 0 && { 'last-event-id': String(behind) }) } },
      (response) => {
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            const one = eventOf(text.slice(0, end));
            text = text.slice(end + 2);
            if (one !== undefined) told.push(one);
            if (told.length < enough) continue;
            response.destroy();
            resolve(told);
          }
        });
        response.on('end', () => {
          resolve(told);
        });
        response.on('error', (error) => {
          if (told.length < enough) reject(error);
        });
      },
    );
    request.on('error', reject).end();
  });
}

function eventOf(text: string): Told | undefined {
  const fields = new Map(text.split('\n').map((line) => line.split(/: (.*)/u, 2) as [string, string]));
  const [id, event, data] = ['id', 'event', 'data'].map((name) => fields.get(name));
  if (id === undefined || event === undefined || data === undefined) return undefined;
  return { id: Number(id), event, data: JSON.parse(data) as JsonValue };
}
