/** Models of a service under test: fitted, asked, looked at. */
import { at, type JsonValue, postJson, type Reply, send } from '../service.js';

/** Two columns of six rows, and their labels. */
export const K = { a: [1, 2, 3, 4, 5, 6], b: [2, 1, 4, 3, 6, 5] };
export const LABELS = ['s', 's', 's', 'v', 'v', 'v'];
export const BAYES = [{ name: 'gaussian_nb' }];

/** Fits naive Bayes to the labels as model `m`, unless told otherwise. */
export const fit = (url: string, more: object = {}): Promise<Reply> =>
  postJson(`${url}/models`, {
    name: 'm',
    columns: { ...K, y: LABELS },
    pipeline: BAYES,
    target: 'y',
    ...more,
  });

/** Asks model `m`. */
export const ask = (
  url: string,
  what: 'predict' | 'evaluate',
  columns: object,
  options?: object,
): Promise<Reply> =>
  postJson(`${url}/models/m/${what}`, { columns, ...(options !== undefined && { options }) });

export const get = (url: string, method = 'GET'): Promise<Reply> => send(url, { method });

export const results = (reply: Reply, ...path: (string | number)[]): JsonValue | undefined =>
  at(reply.json, 'results', ...path);

/** Of the warnings. */
export const codes = (reply: Reply): string[] =>
  (at(reply.json, 'meta', 'warnings') as { code: string }[]).map(({ code }) => code);

export function expectStatus(reply: Reply, status: number): void {
  const shown = reply.text.slice(0, 500);
  expect([shown, reply.status]).toEqual([shown, status]);
}
