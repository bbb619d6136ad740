/**
 * The README tells the truth: its examples are run against the real service and answer what it shows, its tables name
 * what the sources name, its commands, paths and links exist.
 */
import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { MEDIA_TYPES } from '../src/adapters/http/negotiate.js';
import { PROBLEM_CODES, problemReply } from '../src/adapters/http/problems.js';
import { analyze } from '../src/domain/analyze.js';
import { hypothesisTests } from '../src/domain/hypothesis/tests.js';
import { Problem, type ProblemCode } from '../src/ports/problem.js';
import { STAND_IN } from './curl.js';
import { at, type JsonValue, postJson, ROOT, send, type Service, startService } from './service.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const README = read('README.md');
const PAGES = [
  'README.md',
  'CHANGELOG.md',
  '.github/CONTRIBUTING.md',
  ...readdirSync(join(ROOT, '.github', 'adr')).map((name) => `.github/adr/${name}`),
];

/** What a stream of events says until it ends. */
const followed = async (url: string): Promise<string> => (await fetch(url)).text();

/** How a stream of events begins. */
async function opened(url: string): Promise<{ status: number }> {
  const left = new AbortController();
  const { status } = await fetch(url, { signal: left.signal });
  left.abort();
  return { status };
}

/** The fenced block behind `<!-- test: name -->`. */
function block(name: string): string {
  const [, code] = new RegExp(`<!-- test: ${name} -->\\n+\`\`\`\\w+\\n([^]*?)\`\`\``, 'u').exec(README) ?? [];
  if (code === undefined) throw new Error(`README.md has no block marked "test: ${name}"`);
  return code;
}

const shown = (name: string): JsonValue => JSON.parse(block(`${name} answer`)) as JsonValue;

/** Rows of the first table behind a heading or sentence, each a list of cells; the header is left out. */
function table(after: string): string[][] {
  const start = README.indexOf(after);
  if (start < 0) throw new Error(`README.md has no ${JSON.stringify(after)}`);
  const [lines = ''] = /(?:^\|.*\n)+/mu.exec(README.slice(start)) ?? [];
  const rows = lines.trim().split('\n').slice(2);
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

const quoted = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/gu)].map(([, word = '']) => word);

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv, input = ''): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { cwd: ROOT, env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
    child.stdin?.end(input);
  });
}

const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** An interpreter that can import pyarrow: the benchmarks' own, else the host's. */
function python(): string | undefined {
  const candidates = [join(ROOT, 'bench', 'rivals', 'python', '.venv', 'bin', 'python'), 'python3'];
  return candidates.find((file) => spawnSync(file, ['-c', 'import pyarrow']).status === 0);
}

/**
 * Expects `real` to be what `example` shows. An object's key "…" and an array's "… 3 more" stand for what was left out;
 * the request id and the timings are other ones every time.
 */
function expectShown(real: JsonValue | undefined, example: JsonValue, path = ''): void {
  if (Array.isArray(example)) {
    if (!Array.isArray(real)) throw new Error(`${path} is no array`);
    let index = 0;
    for (const item of example) {
      const [, left] = typeof item === 'string' ? (/^… (\d+) /u.exec(item) ?? []) : [];
      if (left === undefined) expectShown(real[index++], item, `${path}/${index - 1}`);
      else index += Number(left);
    }
    expect([path, 'length', real.length]).toEqual([path, 'length', index]);
  } else if (typeof example === 'object' && example !== null) {
    if (typeof real !== 'object' || real === null || Array.isArray(real))
      throw new Error(`${path} is no object`);
    const names = Object.keys(example).filter((name) => name !== '…');
    const present = Object.keys(real);
    const left = Object.hasOwn(example, '…');
    expect([path, left ? present.filter((name) => names.includes(name)) : present]).toEqual([path, names]);
    if (left) expect(present.length).toBeGreaterThan(names.length);
    for (const name of names) expectShown(real[name], example[name]!, `${path}/${name}`);
  } else if (/\/(?:request_id$|created$|version$|model_version$|timings_ms\/)/u.test(path)) {
    expect([path, typeof real]).toEqual([path, typeof example]);
  } else {
    expect([path, real]).toEqual([path, example]);
  }
}

/** Examples whose answer is shown in full or in part. */
const SHOWN = [
  'rows',
  'penguins',
  'flights',
  'weather',
  'parquet',
  'describe',
  'error',
  'groups',
  'clusters',
  'correlate',
  'anova',
  'batch',
  'features',
  'profile',
  'iris',
  'flowers',
  'weights',
  'penguin',
  'stranger',
  'onnx',
  'infer',
  'invocations',
  'dataset',
  'named',
  'job',
  'stream',
  'records',
  'windows',
] as const;

describe('examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'readme-'));
  let service: Service;
  beforeAll(async () => {
    writeFileSync(join(folder, 'curl'), STAND_IN);
    chmodSync(join(folder, 'curl'), 0o755);
    service = await startService();
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    expect(await service.stop()).toBe(0);
  });
  const here = (code: string): string => code.replaceAll('http://localhost:8000', service.url);

  const ways = hasCurl ? (['curl', 'stand-in'] as const) : (['stand-in'] as const);
  if (!hasCurl) console.log('no curl on this host: the examples run with a stand-in for it');

  test('every example that calls the service is one that is run', () => {
    const marked = [...README.matchAll(/<!-- test: (\w+) -->/gu)].map(([, name]) => name);
    expect(marked.toSorted()).toEqual([...SHOWN, 'page', 'python', 'javascript', 'jitless'].sort());
    const calls = README.match(/^.*\bcurl -s\b.*$/gmu) ?? [];
    expect(calls.length).toBe(SHOWN.length + 1);
  });

  describe.each(ways)('with %s', (way) => {
    test.each(SHOWN)('%s', async (name) => {
      const path =
        way === 'curl' ? process.env.PATH : `${folder}${delimiter}${process.env.PATH ?? '/usr/bin:/bin'}`;
      const { code, out, err } = await run('sh', ['-c', here(block(name))], { ...process.env, PATH: path });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expectShown(JSON.parse(out) as JsonValue, shown(name));
    });
  });

  test('page', async () => {
    const page = join(folder, 'profile.html');
    const command = here(block('page')).replace('> profile.html', `> ${page}`);
    const path = hasCurl ? process.env.PATH : `${folder}${delimiter}${process.env.PATH ?? '/usr/bin:/bin'}`;
    expect(await run('sh', ['-c', command], { ...process.env, PATH: path })).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    expect(readFileSync(page, 'utf8')).toMatch(
      /^<!doctype html>[^]*seattle|precipitation[^]*<svg[^]*<\/html>\s*$/iu,
    );
  });

  test('javascript', async () => {
    const ran = await run(
      process.execPath,
      ['--input-type=module', '-'],
      process.env,
      here(block('javascript')),
    );
    expect(ran).toEqual({ code: 0, out: block('javascript answer'), err: '' });
  });

  test('python', async () => {
    const code = block('python');
    const interpreter = python();
    if (interpreter === undefined) {
      console.log('no Python with pyarrow on this host: the URL and media type of its example are checked');
      const [, path = ''] = /"http:\/\/localhost:8000(\/[^?"]+)/u.exec(code) ?? [];
      const [, type = ''] = /"Content-Type": "([^"]+)"/u.exec(code) ?? [];
      expect([path, MEDIA_TYPES.get(type)]).toEqual([analyze.path, 'arrow']);
      return;
    }
    const ran = await run(interpreter, ['-'], process.env, here(code));
    expect(ran).toEqual({ code: 0, out: block('python answer'), err: '' });
  });

  test('jitless', async () => {
    const [, flag = ''] = /^node (--\w+) dist\/src\/main\.js$/mu.exec(block('jitless')) ?? [];
    const slow = await startService({ nodeFlags: [flag] });
    const ready = await send(`${slow.url}/health/ready`, { method: 'GET' });
    expect(ready.json).toEqual(shown('jitless'));
    expect(await slow.stop()).toBe(0);
  });

  test('every endpoint of the table is there', async () => {
    const rows = table('## Endpoints').flatMap(([cell]) => quoted(cell));
    const api = (await send(`${service.url}/openapi.json`, { method: 'GET' })).json;
    const documented = Object.keys(at(api, 'paths') ?? {});
    const [one] = hypothesisTests;
    const ofTests = hypothesisTests.map(({ name }) => `/analytics/tests/${name}`);
    const others = documented.filter((path) => !ofTests.includes(path));
    expect(documented).toEqual(expect.arrayContaining(ofTests));
    expect(rows.map((row) => row.split(' ')[1])).toEqual(
      expect.arrayContaining([...others, '/analytics/tests/{name}']),
    );
    const stored = { name: 'kept', pipeline: [{ name: 'kmeans', n_clusters: 1 }], columns: { a: [1, 2] } };
    for (let i = 0; i < 2; i++) expect((await postJson(`${service.url}/models`, stored)).status).toBe(201);
    const ids = new Map<string, string>();
    const dataset = await postJson(`${service.url}/datasets`, { columns: { a: [1, 2] } });
    ids.set('datasets', at(dataset.json, 'results', 'id') as string);
    const asked = { operation: 'describe', dataset: ids.get('datasets') };
    const job = await postJson(`${service.url}/jobs`, asked);
    ids.set('jobs', at(job.json, 'results', 'id') as string);
    const flow = { name: 'kept', source: { type: 'http' }, operations: [{ name: 'describe' }] };
    const window = { type: 'tumbling', size: '1m', time: 'at' };
    expect((await postJson(`${service.url}/streams`, { ...flow, window })).status).toBe(201);
    expect(await followed(`${service.url}/jobs/${ids.get('jobs') ?? ''}/events`)).toContain('event: done');
    // What removes comes last, of versions before what removes them all.
    const last = (row: string): number => (row.startsWith('DELETE') ? -row.length : -Infinity);
    for (const row of rows.toSorted((a, b) => last(a) - last(b) || 0)) {
      const [method = '', template = ''] = row.split(' ');
      const path = template
        .replace('tests/{name}', `tests/${one!.name}`)
        .replace('{name}', 'kept')
        .replace('{version}', '1')
        .replace(/(datasets|jobs)\/\{id\}/u, (_, kind: string) => `${kind}/${ids.get(kind) ?? ''}`);
      const { status } = path.endsWith('/events')
        ? await opened(`${service.url}${path}`)
        : await send(`${service.url}${path}`, { method });
      // Without a body an analysis is 415, tensors are 400: they are there.
      const isThere = method === 'POST' && !path.endsWith('/index') ? [400, 415, 422] : [200];
      // A job that has ended is not cancelled any more.
      if (row === 'DELETE /jobs/{id}') isThere.push(409);
      expect([row, isThere.includes(status), status]).toEqual([row, true, status]);
    }
  });
});

describe('tables', () => {
  test('options are those of the schemas', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, '.ci', 'readme.mjs'), '--check'], {
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('OTEL_ variables that the telemetry adapter reads or sets', () => {
    const folder = join('src', 'adapters', 'telemetry');
    const source = readdirSync(join(ROOT, folder)).map((file) => read(join(folder, file)));
    const named = [...source.join('').matchAll(/env\.(OTEL_\w+)/gu)].map(([, name]) => name);
    // signals.ts makes these names from those of the signals.
    const made = ['TRACES', 'METRICS', 'LOGS'].flatMap((signal) => [
      `OTEL_${signal}_EXPORTER`,
      `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`,
    ]);
    const used = new Set([...named, ...made]);
    const rows = table('The standard variables of OpenTelemetry');
    expect(rows.map(([name]) => quoted(name)[0]).sort()).toEqual([...used].sort());
  });

  test('media types', () => {
    const named = table('### Bodies').flatMap(([type]) => quoted(type));
    expect(named.sort()).toEqual([...MEDIA_TYPES.keys()].sort());
  });

  test('problem codes under their status', () => {
    const rows = table('### Errors').flatMap(([status, codes]) =>
      quoted(codes).map((code) => `${status ?? ''} ${code}`),
    );
    const known = PROBLEM_CODES.map((code) => {
      const { status } = problemReply(new Problem(code as ProblemCode, ''), '');
      return `${status} ${code}`;
    });
    // Refusals of what never became a request have codes of their own.
    const below = read('src/adapters/http/refusals.ts');
    const raw = [...below.matchAll(/'(\d{3}) [\w ]+',\s*'([a-z_]+)'/gu)].map(
      ([, status, code]) => `${status ?? ''} ${code ?? ''}`,
    );
    expect(raw.length).toBeGreaterThan(0);
    expect(rows.sort()).toEqual([...new Set([...known, ...raw])].sort());
  });

  test('codes of warnings', () => {
    const domain = readdirSync(join(ROOT, 'src', 'domain'), { recursive: true, encoding: 'utf8' })
      // Alerts of a profile have codes of their own; jobs fail with the codes of problems.
      .filter((name) => name.endsWith('.ts') && !name.endsWith('alerts.ts') && name !== 'jobs/run.ts')
      .map((name) => read(`src/domain/${name}`));
    const codes = domain.flatMap((source) =>
      [...source.matchAll(/(?:warn\(\s*|\{ code: )'([a-z_]+)'/gu)].map(([, code]) => code),
    );
    const [, list = ''] = /The codes:\n((?:`\w+`\s*)+)/u.exec(README) ?? [];
    expect(quoted(list).sort()).toEqual([...new Set(codes)].sort());
  });

  test('the block of the measured ratios can be found and replaced', () => {
    expect(README.match(/^<!-- bench:start -->\n[^]*^<!-- bench:end -->$/gmu)?.length).toBe(1);
  });
});

describe.each(PAGES)('%s', (page) => {
  const text = read(page);
  const prose = text.replaceAll(/^```[^]*?^```$/gmu, '');

  test('every npm script it names exists', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm (?:run ([\w:]+)|(start|test)\b)/gu)].map(
      (match) => match[1] ?? match[2],
    );
    for (const name of named) expect(Object.keys(scripts)).toContain(name);
  });

  test('its links lead somewhere', () => {
    const slug = (heading: string): string =>
      heading
        .toLowerCase()
        .replaceAll(' ', '-')
        .replaceAll(/[^\w-]/gu, '');
    const headings = [...prose.matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) => slug(heading));
    for (const [, target = ''] of prose.matchAll(/\]\(([^)]+)\)/gu)) {
      if (/^https?:/u.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      if (path === '') expect(headings).toContain(anchor);
      else expect([target, existsSync(join(ROOT, dirname(page), path))]).toEqual([target, true]);
    }
  });

  test('the files it names exist', () => {
    const paths = [...prose.matchAll(/`((?:src|assembly|bench|test|k8s|\.github|\.ci)\/[\w./-]*)`/gu)];
    // The benchmarks make their own environment; it need not be there.
    for (const [, path = ''] of paths) expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
  });
});
