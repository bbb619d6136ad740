import { parentPort, workerData } from 'node:worker_threads';
import { PROBE_TURNS, type ProbeTask } from './machine.js';

/** A thread of bench/machine.ts: does what it is told, then says so with what came of it. */

interface Probes {
  /** Sum of the float64 in [from, from + bytes), whole multiples of 128 bytes. */
  read(from: number, bytes: number): number;
  multiplyAdd(turns: number): number;
}

const { code, memory } = workerData as { code: WebAssembly.Module; memory: WebAssembly.Memory };
const probes = new WebAssembly.Instance(code, { env: { memory } }).exports as unknown as Probes;

function done(task: ProbeTask): number {
  let sum = 0;
  switch (task.kind) {
    case 'read':
      for (let i = 0; i < task.times; i++) sum += probes.read(task.from, task.bytes);
      return sum;
    case 'multiplyAdd':
      for (let left = task.turns; left > 0; left -= PROBE_TURNS) {
        sum += probes.multiplyAdd(Math.min(left, PROBE_TURNS));
      }
      return sum;
  }
}

// Compiled and warm before anything is measured.
for (let i = 0; i < 20; i++) {
  probes.multiplyAdd(PROBE_TURNS);
  probes.read(65536, 2 ** 20);
}

parentPort!.on('message', (task: ProbeTask) => {
  parentPort!.postMessage(done(task));
});
