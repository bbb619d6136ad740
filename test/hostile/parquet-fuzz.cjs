/*
 * Reads mutated Parquet files in a worker thread, as a lane does, and watches it: `node parquet-fuzz.cjs SEED COUNT`.
 * Prints {outcomes, faults, slowest, growth} as JSON. A fault is an outcome other than a Problem with a code or a table
 * whose columns have the right shape, a read that lasts over a second, or one that terminate() had to end. A process
 * that dies prints nothing.
 */
'use strict';
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { isMainThread, Worker, workerData } = require('node:worker_threads');

const ROOT = join(__dirname, '..', '..');
const FOLDER = join(ROOT, 'test', 'fixtures', 'parquet');
const DEADLINE_MS = 5000;
const SLOW_MS = 1000;
/** What a request of the fuzzer may take beside the body. */
const SPACE = 256 * 2 ** 20;

/** mulberry32. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const seeds = () =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.parquet'))
    .map((name) => readFileSync(join(FOLDER, name)));

const INTERESTING = [0, 1, 2, 0x0f, 0x15, 0x19, 0x1c, 0x7f, 0x80, 0xfe, 0xff];

/** One of many mutations of one of the files, decided by its number alone. */
function mutated(files, number) {
  const random = generator(number);
  const below = (limit) => Math.floor(random() * limit);
  let file = Buffer.from(files[below(files.length)]);
  const rounds = 1 + below(3);
  for (let round = 0; round < rounds; round++) {
    if (file.length < 20) break;
    const length = file.readUInt32LE(file.length - 8);
    const end = file.length - 8;
    const start = length < end ? end - length : 4;
    // Metadata, pages (their headers mostly stand where values do not), or anything.
    const [from, to] = [
      [start, end],
      [4, Math.max(5, start)],
      [0, file.length],
    ][below(3)];
    const at = from + below(Math.max(1, to - from));
    switch (below(8)) {
      case 0:
        file[at] ^= 1 << below(8);
        break;
      case 1:
        file[at] = below(256);
        break;
      case 2:
        file[at] = INTERESTING[below(INTERESTING.length)];
        break;
      case 3: {
        const other = from + below(Math.max(1, to - from));
        file.copy(file, at, other, Math.min(file.length, other + 1 + below(16)));
        break;
      }
      case 4:
        for (let i = 0; i < 1 + below(8) && at + i < file.length; i++) file[at + i] = below(256);
        break;
      case 5: {
        // A long number in place of a byte; the length of the metadata follows.
        const long = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]);
        const put = long.subarray(below(4));
        file = Buffer.concat([file.subarray(0, at), put, file.subarray(at + 1)]);
        if (at >= start && at < end) file.writeUInt32LE((length + put.length - 1) >>> 0, file.length - 8);
        break;
      }
      case 6: {
        const size = 1 + below(8);
        const cut = Math.min(size, Math.max(0, file.length - 12 - at));
        file = Buffer.concat([file.subarray(0, at), file.subarray(at + cut)]);
        if (at >= start && at + cut <= end) file.writeUInt32LE(Math.max(0, length - cut), file.length - 8);
        break;
      }
      default:
        if (at + 4 <= file.length)
          file.writeInt32LE([-1, 0x7fffffff, 1 << below(31), below(1000)][below(4)], at);
    }
  }
  return file;
}

async function work({ seed, count, progress }) {
  const { readParquet } = require(join(ROOT, 'dist', 'src', 'adapters', 'parquet', 'read.js'));
  const { readConfig } = require(join(ROOT, 'dist', 'src', 'config.js'));
  const { Problem } = require(join(ROOT, 'dist', 'src', 'ports', 'problem.js'));
  const { codecs } = require(join(ROOT, 'dist', 'src', 'adapters', 'codecs', 'codecs.js'));
  const limits = readConfig({}).tableLimits;
  const files = seeds();
  const outcomes = {};
  const faults = [];
  let slowest = 0;
  const decode = async (body) => {
    let left = SPACE;
    const take = (bytes) => {
      left -= bytes;
      if (left < 0) throw new Problem('out_of_memory', 'expected less, got more');
    };
    const space = {
      float64: (length) => (take(length * 8), new Float64Array(length)),
      bytes: (length) => (take(length), new Uint8Array(length)),
    };
    const { table } = await readParquet(body, { space, limits, codecs, engine: undefined });
    for (const name of table.names) {
      const column = table.column(name);
      let cells = 0;
      let missing = 0;
      for (const cell of column.cells()) {
        cells++;
        if (cell === null) missing++;
      }
      if (cells !== table.rows) throw new Error(`${cells} cells of ${table.rows} rows`);
      if ('missing' in column && column.missing !== missing) throw new Error('missing is miscounted');
    }
  };
  for (let i = 0; i < count; i++) {
    const file = mutated(files, seed + i);
    const body = new Uint8Array(new SharedArrayBuffer(file.length));
    body.set(file);
    Atomics.store(progress, 0, i);
    const started = performance.now();
    let outcome = 'table';
    try {
      await decode(body);
    } catch (error) {
      if (error instanceof Problem) outcome = error.code;
      else {
        outcome = 'fault';
        faults.push({ number: seed + i, error: String(error.stack ?? error) });
      }
    }
    const took = performance.now() - started;
    if (took > SLOW_MS) faults.push({ number: seed + i, error: `${outcome} took ${took} ms` });
    slowest = Math.max(slowest, took);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return { outcomes, faults: faults.slice(0, 20), slowest };
}

async function watch(seed, count) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const before = process.memoryUsage().rss;
  let peak = before;
  const worker = new Worker(__filename, { workerData: { seed, count, progress } });
  let last = -1;
  let since = Date.now();
  const result = await new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().rss);
      const now = Atomics.load(progress, 0);
      if (now !== last) [last, since] = [now, Date.now()];
      else if (Date.now() - since > DEADLINE_MS) {
        clearInterval(timer);
        void worker.terminate().then(() =>
          resolve({
            outcomes: {},
            faults: [{ number: seed + now, error: 'ended at the deadline' }],
            slowest: DEADLINE_MS,
          }),
        );
      }
    }, 20);
    worker.once('message', (message) => {
      clearInterval(timer);
      resolve(message);
    });
    worker.once('error', reject);
  });
  console.log(JSON.stringify({ ...result, growth: peak - before }));
  process.exit(0);
}

if (!isMainThread) {
  const { parentPort } = require('node:worker_threads');
  void work(workerData).then((message) => parentPort.postMessage(message));
} else if (require.main === module) {
  void watch(Number(process.argv[2]), Number(process.argv[3]));
}

module.exports = { mutated, seeds };
