import type { LanesState } from '../../ports/observe.js';
import { type Reading, single } from './readings.js';

/** What of the lanes does not change. */
export interface LanesFacts {
  readonly state: () => LanesState;
  readonly most: number;
  readonly memoryBudget: number;
}

/** The lanes, their queue and their memory, as they are when metrics are collected. */
export function laneReadings({ state, most, memoryBudget }: LanesFacts): readonly Reading[] {
  return [
    single('gauge', 'analytics.lanes', '{lane}', 'Lanes that run.', () => state().lanes),
    single('gauge', 'analytics.lanes.max', '{lane}', 'Lanes that may run (LANES).', () => most),
    single('gauge', 'analytics.lanes.busy', '{lane}', 'Lanes that compute.', () => state().busy),
    single(
      'counter',
      'analytics.lanes.lost',
      '{lane}',
      'Lanes that ended and were replaced.',
      () => state().lost,
    ),
    single(
      'gauge',
      'analytics.queue.requests',
      '{request}',
      'Requests that wait for a lane.',
      () => state().waiting,
    ),
    single(
      'gauge',
      'analytics.queue.size',
      'By',
      'Bytes of the bodies that wait for a lane.',
      () => state().waitingBytes,
    ),
    single(
      'gauge',
      'analytics.queue.work',
      's',
      'Work that waits for a lane, as it is estimated.',
      () => state().waitingMs / 1000,
    ),
    single('gauge', 'analytics.arenas', '{arena}', 'Arenas that there are.', () => state().arenas),
    single(
      'gauge',
      'analytics.arenas.size',
      'By',
      'Bytes that the arenas have grown to.',
      () => state().arenaBytes,
    ),
    single(
      'gauge',
      'analytics.memory.reserved',
      'By',
      'Bytes that the requests in hand count for.',
      () => state().reservedBytes,
    ),
    single(
      'gauge',
      'analytics.memory.budget',
      'By',
      'Bytes that they may count for (MEMORY_BUDGET).',
      () => memoryBudget,
    ),
  ];
}
