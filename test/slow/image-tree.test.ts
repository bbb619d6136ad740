/**
 * The image's contract without a container engine: the tree that the Dockerfile's final stage makes, run as its user, on
 * a read-only root, without capabilities, from an environment that holds nothing but what the image sets. Root alone may
 * make such a place; where that is not to be had, every test is skipped, and says why.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix, resolve } from 'node:path';
import { all, copies, exec, parse, type Stage } from '../deploy/dockerfile.js';
import { doubleBatch, FLOAT64, stream } from '../fuzz/forge.js';
import { at, postJson, send, STREAM_TYPE } from '../service.js';

jest.setTimeout(180_000);

const root = resolve(__dirname, '../..');
const { stages } = parse(readFileSync(join(root, 'Dockerfile'), 'utf8'));
const stage = (name: string): Stage => {
  const found = stages.find((one) => one.name === name);
  if (found === undefined) throw new Error(`the Dockerfile has no stage ${name}`);
  return found;
};
const final = stage('final');
const ids = /^(\d+):(\d+)$/u.exec(all(final, 'USER').at(-1) ?? '')?.slice(1) ?? [];
const workdir = all(final, 'WORKDIR').at(-1) ?? '/';
const imageEnv = all(final, 'ENV').flatMap((rest) => rest.split(/\s+/u));

const missing = (): string | undefined => {
  if (process.platform !== 'linux') return 'this is not Linux';
  if (process.getuid?.() !== 0) return 'only root can make a read-only root';
  const probe = spawnSync('unshare', ['--mount', 'setpriv', '--version'], { encoding: 'utf8' });
  return probe.status === 0
    ? undefined
    : `unshare --mount does not work here: ${probe.error?.message ?? probe.stderr}`;
};
const reason = missing();
if (reason !== undefined) process.stderr.write(`SKIPPED, the image's tree was not run: ${reason}\n`);
const rooted = reason === undefined ? describe : describe.skip;

/** What `npm ci --omit=dev --ignore-scripts` leaves, taken from where it was installed with the tools. */
function installWithoutTools(to: string): void {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; optional?: boolean }>;
  };
  const wanted = Object.entries(packages).flatMap(([path, { dev, devOptional, optional }]) => {
    // What is nested comes with what it is nested in.
    if (dev === true || devOptional === true || !/^node_modules\/(?:@[^/]+\/)?[^/]+$/u.test(path)) return [];
    if (existsSync(join(root, path))) return [path];
    if (optional === true) return [];
    throw new Error(`${path} is not installed`);
  });
  mkdirSync(to);
  // As links where that can be: nothing of it is written to, and what the Dockerfile removes is a link as well.
  const copy = (how: string): number | null =>
    spawnSync('cp', [how, '--parents', ...wanted, to], { cwd: root }).status;
  if (copy('-rl') === 0) return;
  rmSync(to, { recursive: true });
  mkdirSync(to);
  if (copy('-r') !== 0) throw new Error('the packages cannot be copied');
}

/** Runs the instructions of the final stage into a folder. What it removes of the base image is not there to begin with. */
function makeTree(tree: string): void {
  const dependencies = join(tree, '..', 'dependencies');
  installWithoutTools(dependencies);
  for (const run of all(stage('dependencies'), 'RUN')) {
    if (/npm ci .*--omit=dev .*--ignore-scripts/u.test(run)) continue;
    const { status, stderr } = spawnSync('sh', ['-ec', run], { cwd: dependencies, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }
  const origins: Record<string, string> = { dependencies, build: root };
  for (const { from, sources, to } of copies(final)) {
    for (const source of sources) {
      const inside =
        from === undefined ? source : posix.relative(all(stage(from), 'WORKDIR').at(-1) ?? '/', source);
      const target = join(tree, posix.resolve(workdir, to), to.endsWith('/') ? posix.basename(source) : '');
      mkdirSync(dirname(target), { recursive: true });
      const origin = join(from === undefined ? root : (origins[from] ?? ''), inside);
      if (from === 'dependencies') renameSync(origin, target);
      else cpSync(origin, target, { recursive: true });
    }
  }
  for (const folder of ['data', 'tmp', 'proc', 'dev']) mkdirSync(join(tree, folder));
}

/** Beside the tree there is what any Debian has; of all of it /data and /tmp can be written, and they are empty. */
const PLACE = `
tree=$1; node=$2; data=$3; shift 3
mount --make-rprivate /
mount --bind "$tree" "$tree"
for folder in usr etc bin sbin lib lib64; do
  [ -e "/$folder" ] || continue
  if [ -L "/$folder" ]; then ln -sfn "$(readlink "/$folder")" "$tree/$folder"; continue; fi
  mkdir -p "$tree/$folder"
  mount --rbind "/$folder" "$tree/$folder"
  mount -o remount,bind,ro "$tree/$folder"
done
touch "$tree/node"
mount --bind "$node" "$tree/node"
mount --bind /dev "$tree/dev"
mount -t proc proc "$tree/proc"
mount -t tmpfs -o mode=1777 tmpfs "$tree/tmp"
[ "$data" = none ] || mount -t tmpfs -o "mode=755,uid=\${data%:*},gid=\${data#*:}" tmpfs "$tree/data"
mount -o remount,bind,ro "$tree"
exec chroot "$tree" "$@"
`;

interface Contained {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly exited: Promise<number | null>;
}

const running = new Set<ChildProcess>();

function contain(
  tree: string,
  { data, env }: { readonly data: string; readonly env: readonly string[] },
): Contained {
  const [uid = '', gid = ''] = ids;
  const priv = [
    '--clear-groups',
    '--no-new-privs',
    '--bounding-set=-all',
    '--inh-caps=-all',
    '--ambient-caps=-all',
  ];
  const cmd = exec(all(final, 'CMD')[0]).slice(1);
  const child = spawn(
    'unshare',
    [
      ...['--mount', 'sh', '-euc', PLACE, 'sh', tree, process.execPath, data],
      ...['/usr/bin/env', '-i', `--chdir=${workdir}`, ...env],
      ...['/usr/bin/setpriv', `--reuid=${uid}`, `--regid=${gid}`, ...priv, '/node', ...cmd],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  running.add(child);
  let output = '';
  for (const from of [child.stdout, child.stderr])
    from.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return { child, output: () => output, exited };
}

/** Every file of a tree with its owner, mode and time of change. */
const listed = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const { uid, mode, mtimeMs, ctimeMs, size } = lstatSync(join(folder, name));
      return [name, uid, mode, mtimeMs, ctimeMs, size].join(' ');
    });

rooted('the tree of the image', () => {
  let folder: string;
  let tree: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'image-'));
    tree = join(folder, 'tree');
    // Its user has to get there.
    chmodSync(folder, 0o755);
    mkdirSync(tree, { mode: 0o755 });
    makeTree(tree);
  });
  afterEach(() => {
    for (const child of running) child.kill('SIGKILL');
    running.clear();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test('has what the service loads and none of its tools, owned by root, closed to others', () => {
    const top = readdirSync(join(tree, workdir)).sort();
    expect(top).toEqual(['LICENSE', 'dist', 'node_modules', 'package.json']);
    expect(existsSync(join(tree, workdir, 'node_modules/typescript'))).toBe(false);
    const open = readdirSync(join(tree, workdir), { recursive: true, encoding: 'utf8' }).filter((name) => {
      const info = lstatSync(join(tree, workdir, name));
      return !info.isSymbolicLink() && (info.uid !== 0 || (info.mode & 0o022) !== 0);
    });
    expect(open).toEqual([]);
  });

  test('answers real data as an unprivileged user on a read-only root, writes to /data alone, ends with 0', async () => {
    const before = listed(join(tree, workdir));
    const started = performance.now();
    const env = [...imageEnv, 'PORT=0', 'AUTH=none'];
    const { child, output, exited } = contain(tree, { data: ids.join(':'), env });
    let port: string | undefined;
    for (let i = 0; i < 600 && port === undefined && child.exitCode === null; i++) {
      await new Promise((next) => setTimeout(next, 50));
      port = /on http:\/\/[\d.]+:(\d+)/u.exec(output())?.[1];
    }
    expect({ port: port !== undefined, output: port === undefined ? output() : '' }).toEqual({
      port: true,
      output: '',
    });
    const url = `http://127.0.0.1:${port ?? ''}`;
    const pid = child.pid ?? 0;

    // exec all the way: the process is the service.
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const line = (name: string): string =>
      new RegExp(`^${name}:[ \\t]*(.*)$`, 'mu').exec(status)?.[1]?.trim() ?? '';
    const [uid = ''] = ids;
    expect(line('Uid').split(/\s+/u)).toEqual([uid, uid, uid, uid]);
    expect(
      ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((name) => Number(`0x${line(name)}`)),
    ).toEqual([0, 0, 0, 0, 0]);
    expect([line('NoNewPrivs'), line('Groups')]).toEqual(['1', '']);
    const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
      .trim()
      .split('\n')
      .map((one) => one.split(' '));
    expect(mounts.filter(([, , , , path]) => path === '/').map((one) => one[5]?.split(',')[0])).toEqual([
      'ro',
    ]);
    const writable = mounts.filter((one) => one[5]?.split(',')[0] === 'rw').map((one) => one[4] ?? '');
    expect(
      writable.filter((path) => !/^\/(?:data|tmp|proc|dev)(?:\/|$)/u.test(path) && path !== '/node'),
    ).toEqual([]);

    const analyzed = await postJson(`${url}/analytics/analyze`, {
      data: [{ val: 1 }, { val: 2 }, { val: 3 }],
    });
    expect([analyzed.status, at(analyzed.json, 'results', 'summary', 'val', 'mean')]).toEqual([200, 2]);
    const arrow = stream(
      [{ name: 'a', type: FLOAT64 }],
      doubleBatch(Array.from({ length: 10_000 }, (_, i) => i)),
    );
    const described = await send(`${url}/analytics/describe`, { headers: STREAM_TYPE, body: arrow });
    expect([described.status, at(described.json, 'results', 'a', 'mean')]).toEqual([200, 4999.5]);
    const fitted = await postJson(`${url}/models`, {
      name: 'line',
      columns: { x: [1, 2, 3, 4], y: [3, 5, 7, 9] },
      pipeline: [{ name: 'linear_regression' }],
      target: 'y',
    });
    expect(fitted.status).toBe(201);
    const predicted = await postJson(`${url}/models/line/predict`, { columns: { x: [10] } });
    expect(predicted.status).toBe(200);
    expect(predicted.text).toMatch(/\b(?:21|20\.99999999\d*|21\.0000000\d*)\b/u);
    const page = await send(`${url}/analytics/profile`, {
      headers: { 'content-type': 'text/csv', accept: 'text/html' },
      body: 'a,b\n1,x\n2,y\n3,x\n',
    });
    expect(page.status).toBe(200);

    // What is open for writing lies in /data, or is a pipe.
    const files = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        const flags =
          /^flags:\s+(\d+)$/mu.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
        // Outside, the path of the tree is in front of it.
        const path = readlinkSync(`/proc/${pid}/fd/${fd}`).replace(tree, '');
        return (Number.parseInt(flags, 8) & 3) === 0 || !path.startsWith('/') ? [] : [path];
      } catch {
        return [];
      }
    });
    expect(files.filter((path) => !/^\/(?:data\/|dev\/null$)/u.test(path))).toEqual([]);
    expect(files.some((path) => path.startsWith('/data/'))).toBe(true);
    expect(readdirSync(`/proc/${pid}/root/tmp`)).toEqual([]);
    const answered = performance.now() - started;

    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    expect(output()).not.toMatch(/EROFS|EACCES|EPERM|"level":"error"/u);
    expect(listed(join(tree, workdir))).toEqual(before);
    expect(readdirSync(join(tree, 'data'))).toEqual([]);
    console.log(
      `image's tree: JSON, Arrow, a model and a page answered after ${Math.round(answered)} ms, exit 0`,
    );
  });

  test('without a /data it can write: says which folder and which setting, and ends with 1', async () => {
    const { output, exited } = contain(tree, { data: 'none', env: [...imageEnv, 'PORT=0', 'AUTH=none'] });
    expect(await exited).toBe(1);
    expect(output()).toMatch(/cannot start: .*\/data/u);
    expect(output()).toMatch(/DATA_DIR/u);
  });

  test('from an environment of nothing at all: the settings are the defaults, and the folder of the models is named', async () => {
    const { output, exited } = contain(tree, { data: ids.join(':'), env: [] });
    expect(await exited).toBe(1);
    expect(output()).toMatch(/cannot start: .*DATA_DIR/u);
  });
});
