/** What the service is made of: known by name, version, hash and licence, and installed without running anything. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

jest.setTimeout(60_000);

interface Locked {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}
interface Lock {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked>>;
}
interface Sbom {
  readonly serialNumber?: string;
  readonly metadata: { readonly timestamp?: string; readonly component: Readonly<Record<string, unknown>> };
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly purl: string;
    readonly licenses?: readonly unknown[];
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const root = resolve(__dirname, '../..');
const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
const lock = JSON.parse(text) as Lock;
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>;
};
const supply = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, ['.ci/supply.mjs', ...args], { cwd: root, encoding: 'utf8' });

describe('package-lock.json', () => {
  test('names no registry: whoever installs says where from', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    // Addresses are those of people to thank, nothing that npm fetches.
    const fetched = /"(?:version|resolved)": "(?:https?|git|file|ssh)[:+]/u;
    expect(text.split('\n').filter((line) => fetched.test(line))).toEqual([]);
  });

  test('has a hash of every package', () => {
    const without = packages.filter(
      ([, { integrity = '' }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/u.test(integrity),
    );
    expect(without.map(([path]) => path)).toEqual([]);
    expect(lock.lockfileVersion).toBe(3);
  });
});

describe('npm run sbom', () => {
  const read = (): string => {
    const { status, stderr } = supply('sbom');
    expect([status, stderr]).toEqual([0, '']);
    return readFileSync(join(root, 'dist', 'sbom.json'), 'utf8');
  };

  test('lists every package of the lock file that is not for development alone, with its hash and licence', () => {
    const sbom = JSON.parse(read()) as Sbom;
    const expected = new Map(
      packages
        .filter(([, { dev, devOptional }]) => dev !== true && devOptional !== true)
        .map(([path, { name, version = '', integrity = '' }]) => [
          `${name ?? path.replace(/^.*node_modules\//u, '')}@${version}`,
          Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex'),
        ]),
    );
    const listed = new Map(
      sbom.components.map((one) => [
        one['bom-ref'],
        one.hashes?.find(({ alg }) => alg === 'SHA-512')?.content,
      ]),
    );
    expect(listed).toEqual(expected);
    for (const [name, version] of Object.entries(manifest.dependencies))
      expect([...listed.keys()]).toContain(`${name}@${version}`);
    expect(sbom.components.filter(({ purl }) => !purl.startsWith('pkg:npm/'))).toEqual([]);
    // Its manifest says nothing; the licence file does.
    const silent = sbom.components.filter(({ licenses = [] }) => licenses.length === 0);
    expect(silent.map((one) => one['bom-ref'])).toEqual(['jstat@1.9.6']);
  });

  test('says how they hang together, and nothing that changes when nothing has changed', () => {
    const first = read();
    const sbom = JSON.parse(first) as Sbom;
    expect(sbom.metadata.component).toMatchObject({ name: 'analytics-service', type: 'application' });
    expect([sbom.serialNumber, sbom.metadata.timestamp]).toEqual([undefined, undefined]);
    const refs = new Set(sbom.components.map((one) => one['bom-ref']));
    for (const { dependsOn } of sbom.dependencies) for (const ref of dependsOn) expect(refs).toContain(ref);
    const own = sbom.dependencies.find(({ ref }) => ref.startsWith('analytics-service@'));
    expect(own?.dependsOn).toEqual(
      Object.entries(manifest.dependencies)
        .map(([name, version]) => `${name}@${version}`)
        .sort(),
    );
    expect(read()).toBe(first);
  });
});

describe('npm run licences', () => {
  const changed = (license: string | undefined): { status: number | null; stderr: string } => {
    const folder = mkdtempSync(join(tmpdir(), 'lock-'));
    const path = join(folder, 'package-lock.json');
    const other: Locked = { version: '8.20.0', ...(license !== undefined && { license }) };
    writeFileSync(
      path,
      JSON.stringify({ ...lock, packages: { ...lock.packages, 'node_modules/ajv': other } }),
    );
    try {
      return supply('licences', path);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test('all that runs is under a licence that asks for no more than its text', () => {
    const { status, stdout, stderr } = supply('licences');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\s+\d+ {2}MIT$/mu);
    const written = readFileSync(join(root, 'dist', 'licences.md'), 'utf8');
    for (const [name, version] of Object.entries(manifest.dependencies))
      expect(written).toContain(`| ${name}@${version} | `);
  });

  test.each([
    'GPL-3.0-only',
    'AGPL-3.0',
    'LGPL-2.1',
    'MPL-2.0',
    'SEE LICENSE IN x',
    'UNLICENSED',
    'MIT AND GPL-2.0',
    undefined,
  ])('refuses %s', (license) => {
    const { status, stderr } = changed(license);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`ajv@8.20.0: ${license ?? 'no licence'}`)]);
  });

  test.each(['(MIT OR GPL-3.0)', '(Apache-2.0 AND MIT)', 'ISC'])('takes %s', (license) => {
    expect(changed(license).status).toBe(0);
  });

  test('what LOOKED_AT says of jstat is what its licence file says', () => {
    expect(readFileSync(join(root, 'node_modules/jstat/LICENSE'), 'utf8')).toContain(
      'Permission is hereby granted, free of charge',
    );
  });
});

test('SECURITY.md says how to report, which versions, what is defended and what is not', () => {
  const path = join(root, '.github', 'SECURITY.md');
  expect(existsSync(path)).toBe(true);
  const headings = [...readFileSync(path, 'utf8').matchAll(/^## (.*)$/gmu)].map(([, heading]) => heading);
  expect(headings).toEqual(['Reporting', 'Versions', 'What the service defends against', 'What it does not']);
});
