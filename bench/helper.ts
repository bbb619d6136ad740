/** Entry of a thread that helps the team of bench/team.ts until it closes. */
import { parentPort, workerData } from 'node:worker_threads';
import { TeamControl } from '../src/engine/team.js';
import { instantiate } from '../src/engine/wasm/exports.js';
import { help } from '../src/engine/wasm/team.js';
import type { HelperStart } from './team.js';

const start = workerData as HelperStart;
const { memory, pointer, generation, lane } = start;
const control = new TeamControl(memory.buffer, pointer);
parentPort?.postMessage('started');
try {
  control.join(generation, () => {
    help(instantiate(start.module, memory), control, pointer, lane);
  });
} catch (error) {
  // The leader waits for what this lane was at.
  control.fail(generation);
  throw error;
}
