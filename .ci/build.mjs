// Compiles assembly/ to dist/wasm/ and src/ + bench/ to dist/, each only when a source is newer than what it made.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(join(root, 'package.json'));

const newest = (...paths) =>
  Math.max(
    ...paths.map((path) => {
      const full = join(root, path);
      if (!existsSync(full)) return 0;
      const info = statSync(full);
      if (!info.isDirectory()) return info.mtimeMs;
      const inside = readdirSync(full)
        .filter((name) => name !== 'node_modules' && name !== 'rivals')
        .map((name) => newest(join(path, name)));
      return Math.max(info.mtimeMs, ...inside);
    }),
  );

const step = (name, stamp, sources, run) => {
  const stampFile = join(root, 'dist', stamp);
  if (existsSync(stampFile) && statSync(stampFile).mtimeMs >= newest(...sources)) return;
  const started = Date.now();
  const sourcesSeen = newest(...sources);
  run();
  writeFileSync(stampFile, '');
  // The stamp carries the sources' time, so an edit made while compiling is not lost.
  utimesSync(stampFile, sourcesSeen / 1000, sourcesSeen / 1000 + 0.001);
  console.log(`built ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
};

const node = (packageName, file, ...args) =>
  execFileSync(
    process.execPath,
    [join(dirname(require.resolve(`${packageName}/package.json`)), file), ...args],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );

mkdirSync(join(root, 'dist', 'wasm'), { recursive: true });
step(
  'WebAssembly kernels (release and debug)',
  'wasm/.built',
  ['assembly', 'asconfig.json', 'package-lock.json'],
  () => {
    node('assemblyscript', 'bin/asc.js', '--target', 'release');
    node('assemblyscript', 'bin/asc.js', '--target', 'debug');
  },
);
step('TypeScript', '.built', ['src', 'bench', 'tsconfig.json', 'package-lock.json'], () => {
  node('typescript', 'bin/tsc', '-p', 'src/tsconfig.json');
});
