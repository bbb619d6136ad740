/**
 * The service is killed 200 times while four clients fit models, at moments that a seed draws, on one DATA_DIR. After each
 * kill what it acknowledged must be there, whole, and answer the same bits; nothing may lie there by halves.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../fuzz/random.js';
import { temporaryFolder } from '../registry/folder.js';
import { at, JSON_TYPE, type JsonValue, type Service, startService } from '../service.js';

const KILLS = Number(process.env['KILLS'] ?? 200);
const SEED = Number(process.env['KILL_SEED'] ?? 20261124);
const NAMES = ['a', 'b', 'c'];
const ROWS = { a: [0.25, -3, 7.5], b: [1, 2, 1e3] };

/** A version that the service acknowledged, and what is known of it. */
interface Version {
  readonly name: string;
  readonly version: number;
  /** What was fitted. */
  readonly body: object;
  /** Hash of what it predicts, once it was asked. */
  predicted: string | undefined;
}

const keyOf = ({ name, version }: Pick<Version, 'name' | 'version'>): string => `${name}/versions/${version}`;

interface Told {
  readonly status: number;
  readonly json: JsonValue;
}

/** Undefined when the connection breaks, which is what a kill does, and at once. */
async function call(service: Service, path: string, body?: object): Promise<Told | undefined> {
  try {
    const response = await fetch(
      `${service.url}${path}`,
      body && { method: 'POST', headers: JSON_TYPE, body: JSON.stringify(body) },
    );
    return { status: response.status, json: (await response.json()) as JsonValue };
  } catch {
    return undefined;
  }
}

/** The hash of what a version predicts of the same rows; undefined when the connection breaks. */
async function predicted(service: Service, version: Version): Promise<string | undefined> {
  const told = await call(service, `/models/${keyOf(version)}/predict`, { columns: ROWS });
  if (told === undefined) return undefined;
  if (told.status !== 200)
    throw new Error(`expected predictions of ${keyOf(version)}, got ${JSON.stringify(told.json)}`);
  return text(told.json, 'meta', 'result_sha256');
}

/** A string or a number of an answer, as text. */
function text(json: JsonValue | undefined, ...path: readonly string[]): string {
  const value = at(json, ...path);
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Error(`expected a value at ${path.join('.')}, got ${JSON.stringify(json)}`);
}

/** What is to be fitted: no two alike, so that each has a document of its own. */
function drawn(random: Random): object {
  const column = (): number[] => Array.from({ length: 40 }, () => random.next());
  return {
    name: random.pick(NAMES),
    pipeline: [{ name: 'standard_scaler' }, { name: 'ridge', alpha: random.next() }],
    target: 'y',
    columns: { a: column(), b: column(), y: column() },
  };
}

const versionOf = (fitted: Told, body: object): Version => ({
  name: text(fitted.json, 'results', 'name'),
  version: Number(text(fitted.json, 'results', 'version')),
  body,
  predicted: undefined,
});

/** Fits and predicts until the service is gone. */
async function client(service: Service, random: Random, acknowledged: Version[]): Promise<void> {
  for (;;) {
    const body = drawn(random);
    const fitted = await call(service, '/models', body);
    if (fitted === undefined) return;
    if (fitted.status !== 201) throw new Error(`expected a fit, got ${JSON.stringify(fitted.json)}`);
    const made = versionOf(fitted, body);
    acknowledged.push(made);
    made.predicted = await predicted(service, made);
  }
}

/** Everything stored, by name and version: its document's hash. And nothing beside it, in the catalog or in the folder. */
async function stored(service: Service, dataDir: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const name of NAMES) {
    const told = await call(service, `/models/${name}/versions`);
    const versions = told?.status === 200 ? (at(told.json, 'results', 'versions') as JsonValue[]) : [];
    for (const one of versions)
      found.set(`${name}/versions/${text(one, 'version')}`, text(one, 'document_sha256'));
  }
  expect(readdirSync(join(dataDir, 'models')).sort()).toEqual([...new Set(found.values())].sort());
  return found;
}

/** Ended, too, when an expectation fails. */
let running: Service | undefined;
afterAll(async () => {
  await running?.kill();
});

test(
  `${KILLS} kills during fits: what was acknowledged stays, whole, and nothing is there by halves`,
  async () => {
    const random = new Random(SEED);
    const dataDir = temporaryFolder();
    const all: Version[] = [];
    const known = new Map<string, string>();
    let recent: Version[] = [];
    const start = async (): Promise<Service> => {
      running = await startService({ env: { DATA_DIR: dataDir, LANES: '1', LOG_LEVEL: 'info' } });
      return running;
    };
    const verify = async (service: Service, versions: readonly Version[]): Promise<void> => {
      const found = await stored(service, dataDir);
      for (const version of all) expect(found.has(keyOf(version))).toBe(true);
      // Also what was stored without being acknowledged is what it was, from then on.
      for (const [key, sha256] of known) expect(found.get(key)).toBe(sha256);
      for (const [key, sha256] of found) known.set(key, sha256);
      for (const version of versions) {
        const bits = await predicted(service, version);
        expect(bits).toBeDefined();
        expect(bits).toBe((version.predicted ??= bits));
      }
    };

    for (let kill = 0; kill < KILLS; kill++) {
      const service = await start();
      await verify(service, recent);
      recent = [];
      let clientsEnded = false as boolean;
      const clients = Promise.all(
        Array.from({ length: 4 }, () => client(service, new Random(random.below(2 ** 32)), recent)),
      ).finally(() => (clientsEnded = true));
      // Of the first fits some are on their way, or some have been answered: how fast the machine is does not matter.
      const answered = random.below(4);
      const later = random.next() * (answered === 0 ? 120 : 25);
      while (recent.length < answered && !clientsEnded) await Promise.race([clients, pause(1)]);
      await pause(later);
      await service.kill();
      running = undefined;
      await clients;
      all.push(...recent);
    }

    const service = await start();
    await verify(service, all);
    expect(all.length).toBeGreaterThan(KILLS);
    expect(all.filter((version) => version.predicted === undefined)).toEqual([]);
    // A fit of the same rows anew predicts the same bits: what was compared is not an answer that is always the same.
    const bits = new Set<string>();
    for (const version of all.slice(-20)) {
      const again = await call(service, '/models', { ...version.body, name: 'again' });
      expect(await predicted(service, versionOf(again!, version.body))).toBe(version.predicted);
      bits.add(String(version.predicted));
    }
    expect(bits.size).toBe(Math.min(20, all.length));
    expect(await service.stop()).toBe(0);
    running = undefined;
    console.log(
      `seed ${SEED}: ${all.length} versions acknowledged, ${known.size - all.length} stored and not acknowledged`,
    );
  },
  30 * 60_000,
);
