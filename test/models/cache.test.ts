/** What lanes keep of models that were opened: by what they take in memory, and within the budget. */
import { readFileSync } from 'node:fs';
import { ModelCache } from '../../src/domain/models/cache.js';
import { writeModel } from '../../src/domain/models/document.js';
import { footprint } from '../../src/domain/models/footprint.js';
import type { Json } from '../../src/ports/formats.js';
import type { JobModel } from '../../src/ports/lanes.js';
import { CARD } from '../registry/folder.js';
import { at, JSON_TYPE, postJson, send, type Service, startService } from '../service.js';

const MiB = 2 ** 20;

/** A model whose state has the size that its document has not: lists of small numbers. */
function jobOf(name: string, state: { readonly [key: string]: Json }): JobModel {
  const written = writeModel({
    card: CARD,
    steps: [],
    estimator: { name: 'ridge', features: ['a'], state },
  });
  const document = new SharedArrayBuffer(written.byteLength);
  new Uint8Array(document).set(written);
  return { name, version: 1, format: 'pipeline', sha256: name, document };
}

const OPENERS = { openOnnx: undefined };

describe('models that a lane keeps opened', () => {
  test('are weighed by what they take, not by their documents', () => {
    expect(footprint(new Float64Array(1000))).toBeGreaterThanOrEqual(8000);
    expect(footprint(Array.from({ length: 1000 }, () => 1))).toBeGreaterThanOrEqual(8000);
    expect(footprint(Array.from({ length: 1000 }, () => ({})))).toBeGreaterThanOrEqual(32_000);
    expect(footprint(new Map([['ab', null]]))).toBeGreaterThan(footprint(new Map()));
    expect(footprint({ a: 'x'.repeat(1000), b: undefined })).toBeGreaterThanOrEqual(2000);
  });

  test('are dropped, the one used longest ago first, when they take more than the budget', async () => {
    const lists = (): Json => Array.from({ length: 20_000 }, () => ({}));
    const jobs = ['first', 'second', 'third'].map((name) => jobOf(name, { lists: lists() }));
    const cache = new ModelCache(2 * MiB);
    const fresh = async (place: number): Promise<boolean> => (await cache.open(jobs[place]!, OPENERS)).fresh;
    // Each takes 0.8 MB of a document of 60 kB.
    expect(jobs[0]!.document.byteLength).toBeLessThan(MiB / 8);
    expect([await fresh(0), await fresh(1), await fresh(0)]).toEqual([true, true, false]);
    expect([await fresh(2), await fresh(0), await fresh(1)]).toEqual([true, false, true]);
  });

  test('keep one that is larger than the budget until another is asked', async () => {
    const cache = new ModelCache(1000);
    const [large, other] = [jobOf('large', { x: new Float64Array(1000) }), jobOf('other', { x: 1 })];
    const fresh = async (job: JobModel): Promise<boolean> => (await cache.open(job, OPENERS)).fresh;
    expect([await fresh(large), await fresh(large), await fresh(other)]).toEqual([true, false, true]);
    expect(await fresh(large)).toBe(true);
  });
});

const onLinux = process.platform === 'linux' ? describe : describe.skip;

onLinux('a service of two lanes with many models', () => {
  const MODELS = 40;
  const ROWS = 24_000;
  let service: Service;
  beforeAll(async () => {
    service = await startService({ env: { LANES: '2', MODEL_CACHE_BYTES: String(12 * MiB) } });
  });
  afterAll(() => service.stop());

  const resident = (): number => {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/mu.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))!;
    return (Number(kilobytes) * 1024) / MiB;
  };

  test('does not grow with them: 40 models of 4 MiB, 12 MiB of them in memory', async () => {
    const columns = Object.fromEntries(
      Array.from({ length: 16 }, (_, j) => [
        `c${j}`,
        Array.from({ length: ROWS }, (_row, i) => Math.sin(i * (j + 1))),
      ]),
    );
    const target = columns.c0!.map((value) => (value > 0 ? 1 : 0));
    const pipeline = [{ name: 'k_neighbors_classifier' }];
    const made = await postJson(`${service.url}/models`, {
      columns: { ...columns, y: target },
      name: 'first',
      pipeline,
      target: 'y',
    });
    expect(made.status).toBe(201);
    const { text } = await send(`${service.url}/models/first/export`, { method: 'GET' });
    expect(text.length).toBeGreaterThan(4 * MiB);
    const row = Object.fromEntries(Object.keys(columns).map((name) => [name, [0.5]]));
    const asked = async (model: number): Promise<void> => {
      // Two at a time, so that both lanes open it.
      const replies = await Promise.all(
        [0, 1].map(() => postJson(`${service.url}/models/m${model}/predict`, { columns: row })),
      );
      for (const reply of replies) {
        expect(reply.status).toBe(200);
        expect(at(reply.json, 'results', 'predictions', 0)).toBe(1);
      }
    };
    let before = 0;
    for (let model = 0; model < MODELS; model++) {
      // Documents of their own, not one under many names.
      const body = text.replace(/"training_sha256":"[0-9a-f]+"/u, (all) =>
        all.replace(/.{4}"$/u, `${String(model).padStart(4, '0')}"`),
      );
      const imported = await send(`${service.url}/models?format=document&name=m${model}`, {
        headers: JSON_TYPE,
        body,
      });
      expect(imported.status).toBe(201);
      await asked(model);
      if (model === 9) before = resident();
    }
    for (let model = 0; model < MODELS; model++) await asked(model);
    // Behind the tenth came 120 MiB of documents, which take 90 MiB opened in each of two lanes: 300 MiB, were they kept.
    expect(resident() - before).toBeLessThan(120);
  }, 120_000);
});
