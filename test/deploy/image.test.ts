/**
 * The Dockerfile makes what it should: read as instructions and stages, checked against the repository, and its health
 * check run as the command it is. `.dockerignore` lets the build see what it copies, and nothing else.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, posix, resolve } from 'node:path';
import { all, copies, exec, parse } from './dockerfile.js';

/** The health check is a process of its own. */
jest.setTimeout(30_000);

const root = resolve(__dirname, '../..');
const text = (name: string): string => readFileSync(join(root, name), 'utf8');

/** Whether Docker leaves a path out of the context: the last pattern that fits it, or a folder above it, decides. */
const ignored = (patterns: string, path: string): boolean => {
  const above = path.split('/').map((_part, index, parts) => parts.slice(0, index + 1).join('/'));
  let out = false;
  for (const line of patterns.split('\n').filter((each) => each && !each.startsWith('#'))) {
    const glob = line.replace(/^!/, '').replace(/[.+^${}()|[\]\\]/g, '\\$&');
    const fits = new RegExp(`^${glob.replace(/\*\*\/|\*/g, (star) => (star === '*' ? '[^/]*' : '(.*/)?'))}$`);
    if (above.some((each) => fits.test(each))) out = !line.startsWith('!');
  }
  return out;
};

/** Paths under the build's directory that `npm run build` makes, by the compilers' own configurations. */
const built = (): string[] => {
  const { targets } = JSON.parse(text('asconfig.json')) as { targets: { release: { outFile: string } } };
  const { compilerOptions } = JSON.parse(text('src/tsconfig.json')) as {
    compilerOptions: { outDir: string };
  };
  return [targets.release.outFile, posix.join('src', compilerOptions.outDir, 'src')];
};

/** What the compilers read, without which the build stage cannot work. */
const BUILD_READS =
  'package.json package-lock.json tsconfig.json asconfig.json .ci/build.mjs assembly src bench'.split(' ');

/** What is wrong with a Dockerfile of this repository. */
const violations = (source: string, patterns = text('.dockerignore')): string[] => {
  const { args, stages } = parse(source);
  const final = stages.at(-1);
  const wrong: string[] = [];
  const rule = (holds: boolean, sentence: string): void => {
    if (!holds) wrong.push(sentence);
  };

  rule(
    args.some((arg) => /^NODE_IMAGE=node:24-slim(@sha256:[0-9a-f]{64})?$/.test(arg)),
    'the base is node:24-slim',
  );
  for (const [index, stage] of stages.entries()) {
    rule(stage.image === '${NODE_IMAGE}', `stage ${stage.name} starts from the base`);
    const runs = all(stage, 'RUN').join('\n');
    rule(!/npm (install|i)\b/.test(runs), `stage ${stage.name} installs by the lock file`);
    rule(!/curl|wget|apt-get|apk /.test(runs), `stage ${stage.name} fetches nothing else`);
    rule(all(stage, 'ADD').length === 0, `stage ${stage.name} adds nothing from elsewhere`);
    for (const { from, sources } of copies(stage)) {
      const origin = stages.slice(0, index).find((each) => each.name === from);
      if (from !== undefined) rule(origin !== undefined, `stage ${from} comes before ${stage.name}`);
      for (const path of sources) {
        if (from === undefined) {
          rule(existsSync(join(root, path)), `${path} is in the repository`);
          rule(!ignored(patterns, path), `${path} is in the context`);
        } else if (origin) {
          const inside = posix.relative(all(origin, 'WORKDIR').at(-1) ?? '/', path);
          const runsThere = all(origin, 'RUN').join('\n');
          if (inside === 'node_modules') {
            rule(/npm ci .*--omit=dev/.test(runsThere), `stage ${origin.name} has no dev dependencies`);
            rule(/npm ci .*--ignore-scripts/.test(runsThere), `stage ${origin.name} runs no install scripts`);
          } else {
            rule(/npm run build/.test(runsThere), `stage ${origin.name} builds`);
            rule(built().includes(inside), `${inside} is made by the build`);
            const seen = copies(origin).flatMap((copy) => copy.sources);
            for (const read of BUILD_READS) rule(seen.includes(read), `the build reads ${read}`);
          }
        }
      }
    }
  }

  const user = final?.steps.findIndex((step) => step.name === 'USER') ?? -1;
  const ids = /^(\d+):(\d+)$/.exec(all(final, 'USER').at(-1) ?? '');
  rule(Number(ids?.[1]) >= 10000 && Number(ids?.[2]) >= 10000, 'uid and gid are numbers of 10000 or more');
  rule(
    (final?.steps ?? []).slice(user + 1).every((step) => !['RUN', 'COPY', 'WORKDIR'].includes(step.name)),
    'nothing is made after USER',
  );
  rule(!/npm (ci|run)/.test(all(final, 'RUN').join('\n')), 'the final stage installs nothing');
  rule(/rm -rf .*node_modules .*bin\/npm /.test(all(final, 'RUN').join('\n')), 'the final stage has no npm');
  const paths = copies(final).flatMap((copy) => copy.sources);
  rule(
    ['package.json', 'node_modules', 'src', 'release.wasm'].every((need) =>
      paths.some((path) => posix.basename(path) === need),
    ),
    'the final stage has all that the service loads',
  );
  rule(all(final, 'WORKDIR').join() === '/app', 'the service runs in /app');
  rule(exec(all(final, 'CMD')[0]).join(' ') === 'node dist/src/main.js', 'node itself is the process');
  rule(all(final, 'ENTRYPOINT').length === 0, 'no shell stands before node');
  rule(all(final, 'STOPSIGNAL').join() === 'SIGTERM', 'it is stopped by SIGTERM');
  rule(all(final, 'EXPOSE').join() === '8000', 'it exposes 8000');
  rule(exec(all(final, 'VOLUME')[0]).join() === '/data', '/data is a volume');
  const health = exec(all(final, 'HEALTHCHECK')[0]);
  rule(health[0] === 'node' && (health[2] ?? '').includes('/health/ready'), 'node asks /health/ready');
  const env = all(final, 'ENV').join(' ');
  for (const pair of ['NODE_ENV=production', 'HOST=0.0.0.0', 'PORT=8000', 'DATA_DIR=/data']) {
    rule(env.includes(pair), `the image sets ${pair}`);
  }
  const labels = all(final, 'LABEL').join(' ');
  for (const label of ['title', 'description', 'licenses', 'version', 'revision', 'created', 'source']) {
    rule(labels.includes(`org.opencontainers.image.${label}=`), `the image is labelled with its ${label}`);
  }
  return wrong;
};

const dockerfile = text('Dockerfile');

test('the Dockerfile makes a small image that runs as nobody in particular', () => {
  expect(violations(dockerfile)).toEqual([]);
});

describe('the check of the Dockerfile finds', () => {
  test.each<[string, string, string | RegExp, string]>([
    ['root', 'uid and gid are numbers of 10000 or more', 'USER 10001:10001', 'USER root'],
    ['a name in place of a uid', 'uid and gid are numbers of 10000 or more', 'USER 10001:10001', 'USER node'],
    ['a low uid', 'uid and gid are numbers of 10000 or more', 'USER 10001:10001', 'USER 1000:1000'],
    ['a step after USER', 'nothing is made after USER', 'EXPOSE 8000', 'RUN true\nEXPOSE 8000'],
    ['npm install', 'stage build installs by the lock file', 'npm ci', 'npm install'],
    ['dev dependencies', 'stage dependencies has no dev dependencies', '--omit=dev ', ''],
    [
      'the wrong modules',
      'stage build has no dev dependencies',
      /from=dependencies \/dependencies/,
      'from=build /build',
    ],
    ['a missing source', 'gone is in the repository', 'COPY assembly', 'COPY gone'],
    ['a source outside the context', 'test is in the context', 'COPY bench', 'COPY bench test'],
    ['what no build makes', 'dist/bench is made by the build', '/build/dist/src', '/build/dist/bench'],
    ['what the build misses', 'the build reads assembly', 'COPY assembly ./assembly\n', ''],
    ['a stage that is not there', 'stage builder comes before final', '--from=build', '--from=builder'],
    ['another base', 'the base is node:24-slim', 'node:24-slim\n', 'node:latest\n'],
    [
      'a stage of its own base',
      'stage final starts from the base',
      '${NODE_IMAGE} AS final',
      'node:20 AS final',
    ],
    [
      'a shell before node',
      'node itself is the process',
      /CMD \["node", "dist.*\]/,
      'CMD node dist/src/main.js',
    ],
    ['curl', 'node asks /health/ready', /CMD \["node", "-e".*/, 'CMD curl -f localhost:8000/health/ready'],
    ['another signal', 'it is stopped by SIGTERM', 'STOPSIGNAL SIGTERM', 'STOPSIGNAL SIGKILL'],
    [
      'a development image',
      'the image sets NODE_ENV=production',
      'NODE_ENV=production',
      'NODE_ENV=development',
    ],
    [
      'a missing label',
      'the image is labelled with its revision',
      'org.opencontainers.image.revision',
      'rev',
    ],
    ['a package manager', 'the final stage has no npm', /RUN rm -rf[^&]*&& /, 'RUN '],
  ])('%s', (_what, sentence, from, to) => {
    const changed = dockerfile.replace(from, to);
    expect(changed).not.toBe(dockerfile);
    expect(violations(changed)).toContain(sentence);
  });
});

test('what the image leaves of onnxruntime-web opens a model, and is a tenth of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    for (const name of ['onnxruntime-web', 'onnxruntime-common'])
      cpSync(join(root, 'node_modules', name), join(folder, 'node_modules', name), { recursive: true });
    const [prune] = all(
      parse(dockerfile).stages.find(({ name }) => name === 'dependencies'),
      'RUN',
    ).filter((rest) => rest.startsWith('find node_modules/onnxruntime-web/'));
    expect(spawnSync('sh', ['-c', prune!], { cwd: folder }).status).toBe(0);
    const left = readdirSync(join(folder, 'node_modules', 'onnxruntime-web'), {
      recursive: true,
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => statSync(join(parentPath, name)).size);
    expect(left.reduce((sum, size) => sum + size, 0)).toBeLessThan(16e6);
    cpSync(join(root, 'dist', 'src'), join(folder, 'dist', 'src'), { recursive: true });
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    const model = join(root, 'test', 'golden', 'models', 'onnx', 'linear.onnx');
    const script = `require('./dist/src/adapters/onnx/open.js').startOnnx(2 ** 26)
      .then((open) => open(require('fs').readFileSync(${JSON.stringify(model)})))
      .then(({ inputs }) => console.log(inputs[0].name))`;
    const run = spawnSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' });
    expect([run.stdout, run.stderr]).toEqual(['X\n', '']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('.dockerignore', () => {
  const patterns = text('.dockerignore');

  test.each(BUILD_READS)('lets %s through', (path) => {
    expect(ignored(patterns, path)).toBe(false);
  });

  test.each(
    (
      '.git node_modules dist test k8s .github .env README.md .ci/run bench/rivals/python/x.py bench/results.json ' +
      'src/.env.local src/node_modules/x.js assembly/dist/x'
    ).split(' '),
  )('keeps %s out', (path) => {
    expect(ignored(patterns, path)).toBe(true);
  });

  test('without it everything would be sent', () => {
    expect(ignored('', 'node_modules')).toBe(false);
    expect(violations(dockerfile, '*')).toContain('src is in the context');
  });
});

describe('the health check', () => {
  const [command = '', ...args] = exec(all(parse(dockerfile).stages.at(-1), 'HEALTHCHECK')[0]);

  const ask = async (port: number): Promise<number | null> => {
    expect(command).toBe('node');
    const child = spawn(process.execPath, args, { env: { PORT: String(port) }, stdio: 'ignore' });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code;
  };

  test.each([
    [200, 0],
    [503, 1],
  ])('ends a %i from /health/ready with %i', async (status, code) => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(await ask((server.address() as AddressInfo).port)).toBe(code);
    expect(asked).toEqual(['/health/ready']);
    server.close();
    await once(server, 'close');
  });

  test('ends with 1 when nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    expect(await ask(port)).toBe(1);
  });
});
