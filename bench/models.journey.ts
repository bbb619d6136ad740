import {
  makeTable,
  makeVector,
  Table,
  tableFromIPC,
  tableToIPC,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { failedRow, pairedRatio, quantile, type Limit, type Row } from './compare.js';
import { blobs, normal } from './data.js';
import { measurePairs, untilSteady, type Run } from './measure.js';
import type { PythonRivals } from './rivals.js';
import { startOurs, startPython, type Answer, type Service } from './service.js';

const GROUP = 'models';
const ARROW = 'application/vnd.apache.arrow.stream';
const JSON_TYPE = 'application/json';
const COLUMNS = 16;
const ROWS = 100_000;
const FITTED = 20_000;
const REQUESTS = 2_000;
/** Rounds of all requests before any is timed. */
const WARM_ROUNDS = 3;
/** Single rows are sent in blocks, each side in turn. */
const BLOCKS = 5;
const P99_MS = 5;
const AT_LEAST = 3;

type Target = 'class' | 'amount' | null;

/** A pipeline that both sides fit to the same rows. */
interface Contest {
  /** Of the model, and of the pipeline in the rival. */
  readonly name: string;
  readonly shown: string;
  readonly steps: readonly Readonly<Record<string, string | number>>[];
  readonly target: Target;
  readonly fitted: number;
  /** Share of the predictions that is the same: fits stop at a tolerance, and forests draw otherwise than the rival's. */
  readonly agree: number;
}

const scaler = { name: 'standard_scaler' };

const CONTESTS: readonly Contest[] = [
  {
    name: 'logistic',
    shown: 'standard_scaler and logistic_regression, 3 classes',
    steps: [scaler, { name: 'logistic_regression' }],
    target: 'class',
    fitted: FITTED,
    agree: 0.999,
  },
  {
    name: 'forest',
    shown: 'random_forest_classifier, 100 trees of depth 12',
    steps: [{ name: 'random_forest_classifier', n_estimators: 100, max_depth: 12, random_state: 42 }],
    target: 'class',
    fitted: FITTED,
    agree: 0.99,
  },
  {
    name: 'bayes',
    shown: 'gaussian_nb',
    steps: [{ name: 'gaussian_nb' }],
    target: 'class',
    fitted: FITTED,
    agree: 1,
  },
  {
    name: 'neighbors',
    shown: 'k_neighbors_classifier over 5,000 rows',
    steps: [{ name: 'k_neighbors_classifier' }],
    target: 'class',
    fitted: 5_000,
    agree: 1,
  },
  {
    name: 'linear',
    shown: 'standard_scaler and linear_regression',
    steps: [scaler, { name: 'linear_regression' }],
    target: 'amount',
    fitted: FITTED,
    agree: 1,
  },
  {
    name: 'kmeans',
    shown: 'kmeans, 8 clusters',
    steps: [{ name: 'kmeans', n_clusters: 8, random_state: 42 }],
    target: null,
    fitted: FITTED,
    agree: 1,
  },
];

const CLASSES = ['first', 'second', 'third'];

/** Eight clusters; a noisy sum of the columns, and its thirds as classes. */
function drawn(
  rows: number,
  seed: number,
): Readonly<{
  features: Readonly<Record<string, Float64Array>>;
  amount: Float64Array;
  classes: readonly string[];
}> {
  const columns = blobs(501, rows, COLUMNS, 8);
  const amount = normal(seed, rows).map((value) => 4 * value);
  columns.forEach((column, j) => {
    for (let row = 0; row < rows; row++) amount[row]! += ((j % 5) - 2) * column[row]!;
  });
  const [low, high] = [quantile([...amount], 1 / 3), quantile([...amount], 2 / 3)];
  return {
    features: Object.fromEntries(columns.map((column, j) => [`c${j}`, column])),
    amount,
    classes: Array.from(amount, (value) => CLASSES[value < low ? 0 : value < high ? 1 : 2]!),
  };
}

const head = (features: Readonly<Record<string, Float64Array>>, rows: number): Record<string, Float64Array> =>
  Object.fromEntries(Object.entries(features).map(([name, values]) => [name, values.slice(0, rows)]));

async function asked(service: Service, answer: Promise<Answer>, status: number): Promise<Answer> {
  const got = await answer;
  if (got.status === status) return got;
  const text = got.body.toString().slice(0, 300);
  throw new Error(`${service.name}: expected ${status}, got ${got.status}: ${text}`);
}

type Lesson = ReturnType<typeof drawn>;

async function fitOurs(
  ours: Service,
  { name, steps, target, fitted }: Contest,
  lesson: Lesson,
): Promise<void> {
  const columns: Record<string, readonly (number | string)[]> = {};
  for (const [key, values] of Object.entries(head(lesson.features, fitted))) columns[key] = [...values];
  if (target === 'class') columns[target] = lesson.classes.slice(0, fitted);
  if (target === 'amount') columns[target] = [...lesson.amount.subarray(0, fitted)];
  const document = { columns, name, pipeline: steps, ...(target !== null && { target }) };
  await asked(ours, ours.post('/models', JSON_TYPE, Buffer.from(JSON.stringify(document))), 201);
}

async function fitRival(rival: Service, { name, target, fitted }: Contest, lesson: Lesson): Promise<void> {
  const features = makeTable(head(lesson.features, fitted));
  const wanted: Vector =
    target === 'class'
      ? vectorFromArray(lesson.classes.slice(0, fitted))
      : makeVector(lesson.amount.slice(0, fitted));
  const body = tableToIPC(features.assign(new Table({ target: wanted })), 'stream');
  await asked(rival, rival.post(`/models/${name}`, ARROW, body), 200);
}

const predictions = (service: Service, { name }: Contest, body: Uint8Array): Promise<Answer> =>
  asked(service, service.post(`/models/${name}/predict`, ARROW, body, ARROW), 200);

/** Share of the rows in which two Arrow answers predict the same: numbers to nine digits. */
export function agreement(ours: Uint8Array, rival: Uint8Array): number {
  const [a, b] = [ours, rival].map((body): readonly unknown[] => [
    ...(tableFromIPC(body).getChild('predictions') ?? []),
  ]);
  if (a!.length !== b!.length) return 0;
  let same = 0;
  a!.forEach((value, row) => {
    const other = b![row];
    const [x, y] = [Number(value), Number(other)];
    if (value === other || Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x))) same++;
  });
  return same / a!.length;
}

async function batch(ours: Service, rival: Service, contest: Contest, body: Uint8Array): Promise<Row> {
  const name = `100,000 × ${COLUMNS}, ${contest.shown}`;
  const about = { group: GROUP, name, rivalName: rival.name, atLeast: AT_LEAST };
  try {
    const [own, theirs] = [await predictions(ours, contest, body), await predictions(rival, contest, body)];
    const share = agreement(own.body, theirs.body);
    if (!(share >= contest.agree))
      throw new Error(`expected the same predictions in ${contest.agree} of the rows, got ${share}`);
    const run =
      (service: Service): Run =>
      async () =>
        (await predictions(service, contest, body)).body.length;
    const options = { pairs: 7, sampleMs: 300, warmMs: 1500, attempts: 1 };
    const sample = () => measurePairs(run(ours), run(rival), options);
    return { ...about, ...(await untilSteady(sample, 'lower', 3)), unit: 'ms', error: null };
  } catch (error) {
    return failedRow(about, error);
  }
}

/** Milliseconds of requests of one row, one after the other on one connection. */
async function latencies(service: Service, { name }: Contest, lines: readonly Buffer[]): Promise<number[]> {
  const times: number[] = [];
  for (const line of lines) {
    const start = performance.now();
    await asked(service, service.post(`/models/${name}/predict`, JSON_TYPE, line), 200);
    times.push(performance.now() - start);
  }
  return times;
}

interface Singles {
  readonly rows: readonly Row[];
  readonly limits: readonly Limit[];
}

/** p50 and p99 of single rows, beside those of the rival; p99 has a limit of its own. */
async function singles(
  ours: Service,
  rival: Service,
  contest: Contest,
  lines: readonly Buffer[],
): Promise<Singles> {
  const all = { ours: [] as number[], rival: [] as number[] };
  const halves = { ours: [] as number[], rival: [] as number[] };
  const about = (what: string) => ({
    group: GROUP,
    name: `one row as JSON, ${contest.shown}, ${what}`,
    rivalName: rival.name,
    atLeast: null,
  });
  try {
    // Until the code that answers is compiled: a service that runs has answered thousands.
    for (const service of [ours, rival])
      for (let i = 0; i < WARM_ROUNDS; i++) await latencies(service, contest, lines);
    for (let block = 0; block < BLOCKS; block++) {
      const part = lines.slice((block * REQUESTS) / BLOCKS, ((block + 1) * REQUESTS) / BLOCKS);
      for (const side of ['ours', 'rival'] as const) {
        const times = await latencies(side === 'ours' ? ours : rival, contest, part);
        all[side].push(...times);
        halves[side].push(quantile(times, 0.5));
      }
    }
    const tails = { ours: [quantile(all.ours, 0.99)], rival: [quantile(all.rival, 0.99)] };
    const known = { unit: 'ms', attempts: 1, error: null };
    return {
      rows: [
        { ...about('p50'), ...pairedRatio(halves, 'lower'), ...known },
        { ...about('p99'), ...pairedRatio(tails, 'lower'), ...known },
      ],
      limits: [
        { name: `p99 of ${about('').name.slice(0, -2)}`, unit: 'ms', value: tails.ours[0]!, atMost: P99_MS },
      ],
    };
  } catch (error) {
    return { rows: [failedRow(about('p50'), error)], limits: [] };
  }
}

/** Models over the wire, Arrow in and Arrow out, ours beside scikit-learn behind FastAPI. */
export async function measureModels(
  python: PythonRivals,
  told: (row: Row) => void,
): Promise<{ rows: Row[]; limits: Limit[] }> {
  const lesson = drawn(ROWS, 601);
  const body = tableToIPC(makeTable(lesson.features), 'stream');
  const lines = Array.from({ length: REQUESTS }, (_, row) => {
    const columns = Object.entries(lesson.features).map(([name, values]) => [name, [values[row]]]);
    return Buffer.from(JSON.stringify({ columns: Object.fromEntries(columns) as object }));
  });
  const ours = await startOurs();
  const report: { rows: Row[]; limits: Limit[] } = { rows: [], limits: [] };
  try {
    const rival = await startPython(python, 'model_service');
    try {
      for (const contest of CONTESTS) {
        await fitOurs(ours, contest, lesson);
        await fitRival(rival, contest, lesson);
        const row = await batch(ours, rival, contest, body);
        told(row);
        report.rows.push(row);
      }
      const { rows, limits } = await singles(ours, rival, CONTESTS[0]!, lines);
      report.rows.push(...rows);
      report.limits.push(...limits);
      for (const contest of CONTESTS.slice(1)) {
        for (let i = 0; i < WARM_ROUNDS; i++) await latencies(ours, contest, lines);
        const value = quantile(await latencies(ours, contest, lines), 0.99);
        report.limits.push({
          name: `p99 of one row as JSON, ${contest.shown}`,
          unit: 'ms',
          value,
          atMost: P99_MS,
        });
      }
    } finally {
      await rival.stop();
    }
  } finally {
    await ours.stop();
  }
  return report;
}
