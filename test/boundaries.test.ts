import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './service.js';

/** The boundary rule can fail: imports that it forbids, put into a copy of the sources, are named. */
describe('the boundary rule', () => {
  const copy = mkdtempSync(join(tmpdir(), 'boundaries-'));
  beforeAll(() => {
    for (const name of ['src', 'tsconfig.json', '.dependency-cruiser.cjs', 'package.json']) {
      cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  });
  afterAll(() => {
    rmSync(copy, { recursive: true });
  });

  const check = (): string => {
    const binary = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
    try {
      return execFileSync(process.execPath, [binary, '--config', '.dependency-cruiser.cjs', 'src'], {
        cwd: copy,
        encoding: 'utf8',
      });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };

  test('holds for the sources as they are', () => {
    expect(check()).toMatch(/no dependency violations found/u);
  });

  test('names every import that it forbids', () => {
    const forbidden = [
      ['src/domain/notes.ts', '../engine/farthest.js'],
      ['src/domain/notes.ts', '../adapters/json/write.js'],
      ['src/domain/notes.ts', 'apache-arrow'],
      ['src/domain/notes.ts', 'node:fs'],
      ['src/ports/tables.ts', '../domain/notes.js'],
      ['src/engine/js/cells.ts', '../wasm/arena.js'],
      ['src/engine/wasm/columns.ts', '../../adapters/json/write.js'],
      ['src/adapters/json/write.ts', '../arrow/read.js'],
      ['src/adapters/arrow/read.ts', '../../engine/farthest.js'],
      ['src/adapters/http/docs.ts', '../../domain/analyze.js'],
    ] as const;
    for (const [file, target] of forbidden) {
      const path = join(copy, file);
      writeFileSync(path, `import '${target}';\n${readFileSync(path, 'utf8')}`);
    }
    const report = check().replaceAll('\\', '/');
    for (const [file, target] of forbidden) {
      const to = target
        .split('/')
        .at(-1)!
        .replace(/\.js$/u, '')
        .replace(/^node:/u, '');
      expect(report).toMatch(new RegExp(`not-in-allowed: ${file} → \\S*${to}`, 'u'));
    }
  });
});
