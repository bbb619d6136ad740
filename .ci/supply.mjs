// What the service is made of when it runs: the packages of package-lock.json that are not for development alone.
//   sbom      writes dist/sbom.json (CycloneDX): `npm sbom` of the whole lock file, and of it these packages; `npm sbom
//             --omit dev` leaves out those that a tool needs as well. Without the serial number and the time, so that the
//             same lock file gives the same bytes.
//   licences  prints a table and writes dist/licences.md; ends with 1 where a licence is not one of those allowed here.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const json = (...path) => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

/** Permissive, or in the public domain: nothing that asks for the source of what it is combined with. */
const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
];
/** Packages whose manifest says nothing, or not what the licence file says: by name and version, looked at by a person. */
const LOOKED_AT = { 'jstat@1.9.6': 'MIT' };

/** Packages that an installation without tools has, on any platform. */
function runtimePackages(lock) {
  const found = new Map();
  for (const [path, { name, version, license, dev, devOptional }] of Object.entries(lock.packages)) {
    if (path === '' || dev === true || devOptional === true) continue;
    const called = name ?? path.replace(/^.*node_modules\//u, '');
    const id = `${called}@${version}`;
    found.set(id, {
      id,
      name: called,
      version,
      paths: [...(found.get(id)?.paths ?? []), path],
      licence: LOOKED_AT[id] ?? license,
    });
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function isAllowed(licence) {
  if (typeof licence !== 'string') return false;
  // SPDX: of a choice one will do, of what holds together all must.
  return licence
    .replaceAll(/[()]/gu, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => ALLOWED.includes(one.trim())));
}

function sbom() {
  const { name, version, dependencies: direct } = json('package.json');
  const runtime = new Set(runtimePackages(json('package-lock.json')).map(({ id }) => id));
  const said = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const { serialNumber: _serial, metadata, components, dependencies, ...rest } = JSON.parse(said);
  const { timestamp: _timestamp, ...when } = metadata;
  const own = `${name}@${version}`;
  const isKept = (reference) => runtime.has(reference) || reference === own;
  // What a tool needs and a package of the service as well is not thereby one of the service's own.
  const isDirect = (reference) => Object.hasOwn(direct, reference.slice(0, reference.lastIndexOf('@')));
  const order = (key) => (a, b) => (a[key] < b[key] ? -1 : 1);
  const document = {
    ...rest,
    metadata: { ...when, component: { ...metadata.component, type: 'application', name } },
    components: components
      .filter((component) => runtime.has(component['bom-ref']))
      .map((component) => ({ ...component, scope: 'required' }))
      .sort(order('bom-ref')),
    dependencies: dependencies
      .filter(({ ref }) => isKept(ref))
      .map(({ ref, dependsOn }) => ({
        ref,
        dependsOn: dependsOn.filter(ref === own ? isDirect : isKept).sort(),
      }))
      .sort(order('ref')),
  };
  const listed = new Set(document.components.map((component) => component['bom-ref']));
  const missing = [...runtime].filter((id) => !listed.has(id));
  if (missing.length > 0) throw new Error(`npm sbom does not list ${missing.join(', ')}`);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(join(root, 'dist', 'sbom.json'), `${JSON.stringify(document, undefined, 1)}\n`);
  console.log(`dist/sbom.json: ${listed.size} packages, CycloneDX ${document.specVersion}`);
}

/** Where the text of a licence is: in the package, as it was published. */
function textOf({ paths }) {
  for (const path of paths) {
    const folder = join(root, path);
    if (!existsSync(folder)) continue;
    const file = readdirSync(folder).find((one) => /^(?:licen[cs]e|copying)/iu.test(one));
    return file === undefined ? 'its package.json' : file;
  }
  return 'not installed here';
}

function grouped(packages) {
  const groups = new Map();
  for (const one of packages) {
    const licence = one.licence ?? 'unknown';
    groups.set(licence, [...(groups.get(licence) ?? []), one]);
  }
  return groups;
}

function licences(lock = 'package-lock.json') {
  const packages = runtimePackages(JSON.parse(readFileSync(resolve(root, lock), 'utf8')));
  const groups = grouped(packages);
  const rows = [...groups].sort(([, a], [, b]) => b.length - a.length);
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const table = [
    line(['licence', 'packages', 'which']),
    line(['---', '---', '---']),
    ...rows.map(([licence, list]) => line([licence, list.length, list.map(({ id }) => id).join(', ')])),
  ].join('\n');
  const texts = packages.map((one) => line([one.id, one.licence ?? 'unknown', textOf(one)]));
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(
    join(root, 'dist', 'licences.md'),
    `${table}\n\n| package | licence | its text |\n| --- | --- | --- |\n${texts.join('\n')}\n`,
  );
  for (const [licence, list] of rows) console.log(`${String(list.length).padStart(5)}  ${licence}`);
  const refused = packages.filter(({ licence }) => !isAllowed(licence));
  for (const { id, licence } of refused)
    console.error(`${id}: ${licence ?? 'no licence'} is not among those allowed`);
  if (refused.length > 0) process.exitCode = 1;
}

const [what, lock] = process.argv.slice(2);
if (what === 'sbom') sbom();
else if (what === 'licences') licences(lock);
else {
  console.error('usage: node .ci/supply.mjs sbom | licences [lock file]');
  process.exitCode = 2;
}
