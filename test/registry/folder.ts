import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelCard } from '../../src/ports/registry.js';

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
