import type { Request, Response } from 'express';
import type { Endpoint } from '../../domain/endpoint.js';
import type { Datasets, StoredDataset } from '../../ports/datasets.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { timed } from './watch.js';

/** Stored tables that a request names, by where it does. */
export interface Names {
  readonly dataset?: Name | undefined;
  /** To compare with. */
  readonly reference?: Name | undefined;
}

interface Name {
  /** As it was given. */
  readonly id: unknown;
  /** Where: `/dataset`, or `?dataset` for a query parameter. */
  readonly pointer: string;
}

/** What can stand in place of a body: a JSON document that names a dataset, with what else it says. */
export interface NamingDocument {
  readonly names: Names;
  readonly text: string;
}

const ID = /^[0-9a-f]{64}$/u;
const NAMES = ['dataset', 'reference'] as const;
const MENTION = Buffer.from('"dataset"');

/** Whether an endpoint takes a stored table in place of a body. */
export const takesDatasets = ({ takes, keeps }: Endpoint): boolean => takes === undefined && keeps !== true;

/** Query parameters that name datasets for an endpoint. */
export const naming = (endpoint: Endpoint): readonly (typeof NAMES)[number][] =>
  NAMES.filter((name) => takesDatasets(endpoint) && (name === 'dataset' || endpoint.takesReference === true));

/** The datasets that a query names. Throws 422 for two of a name. */
export function namesInQuery(query: readonly (readonly [string, string])[], endpoint: Endpoint): Names {
  const names: { -readonly [name in keyof Names]: Names[name] } = {};
  for (const name of naming(endpoint)) {
    const [first, ...more] = query.filter(([parameter]) => parameter === name);
    if (more.length > 0)
      throw Problem.at(`?${name}`, 'invalid_request', `expected one ${name}, got ${more.length + 1}`);
    if (first !== undefined) names[name] = { id: first[1], pointer: `?${name}` };
  }
  return names;
}

/**
 * What a small JSON body says in place of a table; undefined for every other body, whose reading says what is wrong with it.
 * Throws 422 for one that names a dataset beside data of its own.
 */
export function documentIn(body: Buffer, endpoint: Endpoint): NamingDocument | undefined {
  if (!body.includes(MENTION)) return undefined;
  const text = body.toString();
  const value = objectIn(text);
  if (value === undefined || !Object.hasOwn(value, 'dataset')) return undefined;
  for (const member of ['data', 'columns'])
    if (Object.hasOwn(value, member)) {
      const detail = `expected "dataset" or "${member}", got both`;
      throw Problem.at('/dataset', 'invalid_request', detail);
    }
  const isCompared = endpoint.takesReference === true && Object.hasOwn(value, 'reference');
  if (!isCompared && Object.hasOwn(value, 'reference')) {
    const detail = 'expected no "reference" where nothing is compared, got one';
    throw Problem.at('/reference', 'invalid_request', detail);
  }
  return {
    text,
    names: {
      dataset: { id: value['dataset'], pointer: '/dataset' },
      ...(isCompared && { reference: { id: value['reference'], pointer: '/reference' } }),
    },
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** Of the query and of the body together. Throws 422 for a name in both. */
export function bothNames(query: Names, body: Names): Names {
  for (const name of NAMES)
    if (query[name] !== undefined && body[name] !== undefined)
      throw Problem.at(
        `?${name}`,
        'invalid_request',
        `expected ${name} in one place of the request, got it in two`,
      );
  return { dataset: query.dataset ?? body.dataset, reference: query.reference ?? body.reference };
}

/** Throws 422 for what is no id of a dataset, 404 where there is none of it. */
export async function foundDataset(
  datasets: Datasets,
  { id, pointer }: Name,
  response: Response,
): Promise<StoredDataset> {
  if (typeof id !== 'string' || !ID.test(id)) {
    const got =
      typeof id === 'string'
        ? JSON.stringify(excerpt(id))
        : id === null
          ? 'null'
          : Array.isArray(id)
            ? 'an array'
            : `a ${typeof id}`;
    throw Problem.at(
      pointer,
      'invalid_request',
      `expected the id of a dataset, 64 hexadecimal digits, got ${got}`,
    );
  }
  return storedDataset(datasets, id, response, pointer);
}

/** The dataset of an id. Throws 404. */
export async function storedDataset(
  datasets: Datasets,
  id: string,
  response: Response,
  pointer?: string,
): Promise<StoredDataset> {
  const found = ID.test(id) ? await timed(response, 'lookup', () => datasets.find(id)) : undefined;
  if (found !== undefined) return found;
  const detail = `expected a stored dataset, got ${JSON.stringify(excerpt(id))}`;
  throw pointer === undefined ? new Problem('not_found', detail) : Problem.at(pointer, 'not_found', detail);
}

/** Throws 422 for a request with a body where its query names the data. */
export function refuseBody({ headers }: Request): void {
  const { 'content-length': length = '0', 'transfer-encoding': transfer } = headers;
  if (Number(length) === 0 && transfer === undefined) return;
  const detail = 'expected a body or the query parameter dataset, got both';
  throw Problem.at('?dataset', 'invalid_request', detail);
}
