import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRegistry } from './open.js';
import type { ModelCard } from '../../src/ports/registry.js';
import type { Publisher } from './process.js';

/** A DATA_DIR of a test's own, gone behind it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'registry-'));
  made.push(folder);
  return folder;
}

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** Files of documents, and whatever else lies beside them. */
export const filesOf = (dataDir: string): string[] => readdirSync(join(dataDir, 'models')).sort();

export const CARD: ModelCard = {
  format: 'pipeline',
  task: 'regression',
  pipeline: [
    { name: 'standard_scaler', with_mean: true },
    { name: 'ridge', alpha: 0.1, columns: ['é', '\u{1f600}'] },
  ],
  inputs: [{ name: 'a', type: 'number' }],
  outputs: [{ name: 'predictions', type: 'number', width: 1 }],
  target: { name: 'y', type: 'number' },
  metrics: { r2: 0.1 + 0.2, mean_squared_error: 5e-324, log_loss: null },
  metrics_on: 'test',
  rows: 12,
  training_sha256: null,
  engine: 'wasm',
  engine_version: '0.1.0',
};

export const documentOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What must hold of a folder, whoever had it before: each row has its file, whole, and each file has a row. */
export async function verified(dataDir: string, publishers: readonly Publisher[]): Promise<void> {
  const registry = await openRegistry({ dataDir, cacheBytes: 0 });
  const rows = (await Promise.all((await registry.list()).map(({ name }) => registry.versions(name)))).flat();
  for (const row of rows) {
    const document = Buffer.from(await registry.document(row));
    expect(createHash('sha256').update(document).digest('hex')).toBe(row.sha256);
  }
  expect(filesOf(dataDir)).toEqual([...new Set(rows.map(({ sha256 }) => sha256))].sort());
  const found = new Map(rows.map((row) => [`${row.name} ${row.version}`, row.sha256]));
  for (const { name, version, sha256 } of publishers.flatMap(({ acknowledged }) => acknowledged))
    expect(found.get(`${name} ${version}`)).toBe(sha256);
  await registry.close();
}
