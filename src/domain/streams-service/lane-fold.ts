import { Problem } from '../../ports/problem.js';
import type { TaskTrace } from '../../ports/trace.js';
import { type Fold, readFold } from '../streams/fold.js';
import { within } from '../trace.js';
import type { StreamsOptions } from './options.js';
import type { FoldAsked } from './partition.js';
import type { Portion } from './portion.js';

const FOLD = 'streams.fold';

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** Folds portions in lanes. Rejects with Problem: what the body deserves, or `overloaded`, `stopping`, `lane_lost`. */
export function laneFold(
  { lanes, deadlineMs }: Pick<StreamsOptions, 'lanes' | 'deadlineMs'>,
  signal: AbortSignal,
): (portion: Portion, asked: FoldAsked, task?: TaskTrace) => Promise<Fold> {
  let count = 0;
  return async (portion, { definition, closedBefore, model, known, maxWindows }, task) => {
    const landing = lanes.land({ bytes: portion.bytes, endpoint: FOLD });
    try {
      portion.write(landing);
    } catch (error) {
      landing.release();
      throw error;
    }
    const options = {
      definition,
      closed_before: closedBefore,
      max_windows: maxWindows,
      ...(model !== null && { model: base64(model) }),
      ...(known !== undefined && {
        seen_ids: base64(new Uint8Array(known.buffer, known.byteOffset, known.byteLength)),
      }),
    };
    const job = {
      endpoint: FOLD,
      format: portion.format,
      query: [],
      accept: 'json' as const,
      options: JSON.stringify(options),
      requestId: `${definition.name}-${++count}`,
      receiveMs: 0,
      waitMs: 0,
      ...(task?.sampled === true && { traced: true }),
    };
    const attributes = { 'analytics.bytes': portion.bytes };
    return within(task, 'fold', attributes, async () => {
      try {
        const { body, spans } = await lanes.run(landing, job, deadlineMs, signal);
        if (spans !== undefined) task?.record(spans);
        return readFold(body);
      } catch (error) {
        if (error instanceof Problem && error.spans !== undefined) task?.record(error.spans);
        throw error;
      }
    });
  };
}

/** Codes of what is wrong with the service or busy, not with the records: they may be taken another time. */
const PASSING: ReadonlySet<string> = new Set([
  'overloaded',
  'stopping',
  'lane_lost',
  'deadline_exceeded',
  'slow_request',
  'storage_failed',
  'broker_failed',
  'internal_error',
  'conflict',
  'not_found',
  'engine_unavailable',
]);

export const isPassing = (error: unknown): boolean => !(error instanceof Problem) || PASSING.has(error.code);
