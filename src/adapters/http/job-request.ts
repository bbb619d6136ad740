import type { Response } from 'express';
import type { Endpoint } from '../../domain/endpoint.js';
import type { JobDefinition } from '../../domain/jobs/definition.js';
import type { CheckedOptions, OptionsCheck } from '../../ports/formats.js';
import type { JobRequest } from '../../ports/jobs.js';
import type { Job } from '../../ports/lanes.js';
import { excerpt, Problem } from '../../ports/problem.js';
import type { JSONSchema } from '../../ports/schema.js';
import type { JobsOptions } from './job-parts.js';
import { acceptOf, ARROW_STREAM, PAGE } from './negotiate.js';
import { requestIdFor, sightOf } from './watch.js';

/** Members of every job. */
const OWN = ['operation', 'dataset', 'options', 'accept'];

/**
 * What is to be computed, from a document whose form was checked: everything that can be known to be wrong before the rows
 * are there is refused now. Throws Problem: 404 for a dataset or a model that there is not, 406, 422.
 */
export async function jobRequest(
  definition: JobDefinition,
  response: Response,
  { operations, datasets, registry, checks, depth }: JobsOptions,
): Promise<JobRequest> {
  const { operation, dataset, reference, options, accept } = definition;
  const endpoint = operations.get(operation);
  if (endpoint === undefined) throw new RangeError(`no operation of jobs: ${operation}`);
  refuseStrangers(definition, endpoint);
  const { options: check } = await checks();
  const beside = new Map(
    (endpoint.beside ?? []).flatMap((name) =>
      name in definition ? [[name, definition[name]] as const] : [],
    ),
  );
  // Before defaults are filled in.
  const given = { ...Object.fromEntries(beside), ...(options !== undefined && { options }) };
  const text = JSON.stringify(given);
  const checked = check.options(endpoint.name, { body: options, beside, query: [], depth });
  checkParts(endpoint, checked, check);
  const accepted = acceptOf(accept, offersOf(endpoint));
  for (const [member, id] of [
    ['dataset', dataset],
    ['reference', reference],
  ] as const)
    if (id !== undefined && (await datasets.find(id)) === undefined)
      throw Problem.at(
        `/${member}`,
        'not_found',
        `expected ${member} to be a stored dataset, got ${JSON.stringify(excerpt(id))}`,
      );
  const model = await modelOf(definition, endpoint, registry);
  const traceparent = sightOf(response).trace?.header;
  return {
    operation,
    endpoint: endpoint.name,
    dataset,
    ...(reference !== undefined && { reference }),
    ...(text !== '{}' && { beside: text }),
    accept: ANSWERS.get(accepted.type) ?? 'json',
    ...(accepted.codecs.includes('lz4') && { arrowCompression: 'lz4' }),
    ...(model !== undefined && { model }),
    requestId: requestIdFor(response),
    ...(traceparent !== undefined && { traceparent }),
  };
}

const ANSWERS: ReadonlyMap<string, Job['accept']> = new Map([
  [ARROW_STREAM, 'arrow'],
  [PAGE, 'html'],
]);

function offersOf({ answersArrow, answersHtml }: Endpoint): string[] {
  return [
    'application/json',
    ...(answersArrow ? [ARROW_STREAM] : []),
    ...(answersHtml === true ? [PAGE] : []),
  ];
}

/** Throws `invalid_request` for a member that jobs of other operations have. */
function refuseStrangers(definition: JobDefinition, { model, beside = [], takesReference }: Endpoint): void {
  const welcome = [
    ...OWN,
    ...(takesReference === true ? ['reference'] : []),
    ...(model === 'uses' ? ['model', 'version'] : []),
    ...beside,
  ];
  const stranger = Object.keys(definition).find((name) => !welcome.includes(name));
  if (stranger === undefined) return;
  const detail = `expected of ${definition.operation} only ${welcome.join(', ')}, got ${stranger}`;
  throw Problem.at(`/${stranger}`, 'invalid_request', detail);
}

/** Validates the elements of options that are lists of named things. */
function checkParts({ name, options, parts }: Endpoint, checked: CheckedOptions, check: OptionsCheck): void {
  if (parts === undefined || typeof options !== 'object') return;
  const values = checked.values as Readonly<Record<string, unknown>>;
  for (const [option, schema] of Object.entries(options.properties ?? {})) {
    const list = values[option];
    if (!isListOfNamed(schema) || !Array.isArray(list)) continue;
    for (const [i, one] of list.entries()) {
      const part = nameOf(one);
      // What it would compute with is made anew from the same text, with the same defaults.
      if (part !== undefined && parts.has(part)) check.part(name, part, one, checked.pointer(option, i));
    }
  }
}

function isListOfNamed(schema: JSONSchema): boolean {
  if (typeof schema !== 'object' || typeof schema.items !== 'object') return false;
  return 'properties' in schema.items && 'name' in (schema.items.properties ?? {});
}

function nameOf(value: unknown): string | undefined {
  const name = typeof value === 'object' && value !== null && 'name' in value ? value.name : undefined;
  return typeof name === 'string' ? name : undefined;
}

/** The version that a job asks, chosen now. */
async function modelOf(
  { operation, model, version }: JobDefinition,
  { model: use }: Endpoint,
  registry: JobsOptions['registry'],
): Promise<JobRequest['model']> {
  if (use !== 'uses') return undefined;
  if (model === undefined)
    throw Problem.at('/model', 'invalid_request', `expected the model that ${operation} asks, got none`);
  const found = await registry.find(model, version);
  if (found !== undefined) return { name: found.name, version: found.version };
  const got = version === undefined ? model : `${model}, version ${version}`;
  const detail = `expected model to be a stored model, got ${JSON.stringify(excerpt(got))}`;
  throw Problem.at('/model', 'not_found', detail);
}
