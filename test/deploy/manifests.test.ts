/**
 * Every manifest under k8s/ is what the Kubernetes API would take: valid by the models' own validators, free of
 * keys the API does not know, and reachable from a kustomization. Both kustomizations are rendered by the small
 * part of kustomize that they use, so that the overlay is judged as it would be applied.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';

/** The compiler takes a second or two to start, and longer beside other suites. */
jest.setTimeout(30_000);

const root = resolve(__dirname, '../..');
const load = createRequire(__filename);

type Fields = Record<string, unknown>;
interface Manifest extends Fields {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: Fields;
  data?: Record<string, string>;
}
interface Generator {
  name: string;
  behavior?: 'create' | 'merge';
  literals?: string[];
  files?: string[];
  options?: { labels: Record<string, string> };
}
interface Kustomization {
  kind: 'Kustomization';
  namespace?: string;
  resources?: string[];
  configMapGenerator?: Generator[];
  images?: { name: string; newName?: string; newTag?: string; digest?: string }[];
  patches?: { path: string }[];
}

/** The documents of a YAML file; a repeated key or a second meaning of an indent is an error, not a guess. */
const parse = <T>(text: string): T[] =>
  parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.map(String).join('\n'));
    return document.toJS() as T;
  });

const read = <T>(path: string): T[] => parse<T>(readFileSync(path, 'utf8'));

const kustomization = (directory: string): Kustomization => {
  const [found] = read<Kustomization>(join(directory, 'kustomization.yaml'));
  if (found?.kind !== 'Kustomization') throw new Error(`expected a Kustomization in ${directory}`);
  return found;
};

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A strategic merge as far as objects go; a patch that lists anything is refused, for lists merge by key. */
const merge = (into: Fields, patch: Fields): void => {
  for (const [key, value] of Object.entries(patch)) {
    const old = into[key];
    if (Array.isArray(value)) throw new Error(`expected a patch without lists, got one at ${key}`);
    if (isObject(value) && isObject(old)) merge(old, value);
    else into[key] = value;
  }
};

const find = (manifests: Manifest[], kind: string, name?: string): Manifest => {
  const found = manifests.find(
    (manifest) => manifest.kind === kind && (!name || manifest.metadata.name === name),
  );
  if (!found) throw new Error(`expected a ${kind} ${name ?? ''}`);
  return found;
};

type Container = Fields & { image: string };

const containers = (workload: Manifest): Container[] =>
  (workload.spec as { template: { spec: { containers: Container[] } } }).template.spec.containers;

/** What `kubectl kustomize` prints, without the hash that it puts behind a generated name. */
const render = (directory: string): Manifest[] => {
  const plan = kustomization(directory);
  const manifests = (plan.resources ?? []).flatMap((resource) =>
    resource.endsWith('.yaml')
      ? read<Manifest>(join(directory, resource))
      : render(join(directory, resource)),
  );
  for (const { name, behavior, literals = [], options } of plan.configMapGenerator ?? []) {
    const data = Object.fromEntries(
      literals.map((line): [string, string] => [line.replace(/=.*/s, ''), line.replace(/.*?=/s, '')]),
    );
    if (behavior === 'merge') Object.assign(find(manifests, 'ConfigMap', name).data ?? {}, data);
    else manifests.push({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...options }, data });
  }
  for (const { path } of plan.patches ?? []) {
    for (const patch of read<Manifest>(join(directory, path))) {
      merge(find(manifests, patch.kind, patch.metadata.name), patch);
    }
  }
  for (const { name, newName, newTag, digest } of plan.images ?? []) {
    const pods = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
    for (const container of pods.flatMap(containers)) {
      if (container.image.replace(/[:@].*$/, '') !== name) continue;
      container.image = `${newName ?? name}${digest ? `@${digest}` : `:${newTag ?? 'latest'}`}`;
    }
  }
  if (plan.namespace) {
    for (const { kind, metadata } of manifests) if (kind !== 'Namespace') metadata.namespace = plan.namespace;
  }
  return manifests;
};

/** What the model's own validator has against the manifest. */
const invalid = (manifest: Manifest): string[] => {
  type Model = new (data: Manifest) => { validate(): void };
  const models = load(`kubernetes-models/${manifest.apiVersion}`) as Record<string, Model | undefined>;
  const Model = models[manifest.kind];
  if (!Model) return [`${manifest.apiVersion} has no ${manifest.kind}`];
  try {
    new Model(manifest).validate();
    return [];
  } catch (error) {
    return [String(error)];
  }
};

/**
 * Keys that the API does not know, at any depth. The validators let those pass, but the models' types do not: each
 * manifest is compiled as a literal of its interface, where an excess property is an error. Other type errors are
 * reported as well. One program for all of them, for the compiler's start is what costs.
 */
const unknownKeys = (manifests: Manifest[]): string[][] => {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.Node16,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const sources = new Map(
    manifests.map((manifest, index) => [
      join(root, 'test', 'deploy', `manifest-${index}.virtual.ts`),
      `import type { I${manifest.kind} } from 'kubernetes-models/${manifest.apiVersion}/${manifest.kind}';\n` +
        `export const manifest: I${manifest.kind} = ${JSON.stringify(manifest)};\n`,
    ]),
  );
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  host.fileExists = (file) => sources.has(file) || disk.fileExists(file);
  host.getSourceFile = (file, version, ...rest) => {
    const text = sources.get(file);
    return text === undefined
      ? disk.getSourceFile(file, version, ...rest)
      : ts.createSourceFile(file, text, version);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()].map((file) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
  );
};

/** Files of a kustomization tree that are missing, and files on disk that no kustomization names. */
const loose = (
  onDisk: string[],
  starts: string[],
  planOf: (directory: string) => Kustomization,
): string[] => {
  const seen = new Set<string>();
  const visit = (directory: string): void => {
    seen.add(join(directory, 'kustomization.yaml'));
    const { resources = [], patches = [], configMapGenerator = [] } = planOf(directory);
    const generated = configMapGenerator.flatMap(({ files = [] }) =>
      files.map((file) => file.replace(/.*=/s, '')),
    );
    for (const path of [...resources, ...patches.map((patch) => patch.path), ...generated]) {
      const full = join(directory, path);
      if (/\.(?:yaml|json)$/.test(path)) seen.add(full);
      else visit(full);
    }
  };
  starts.forEach(visit);
  return [
    ...[...seen].filter((file) => !onDisk.includes(file)).map((file) => `missing: ${file}`),
    ...onDisk.filter((file) => !seen.has(file)).map((file) => `named nowhere: ${file}`),
  ];
};

const k8s = join(root, 'k8s');
const base = join(k8s, 'base');
const production = join(k8s, 'overlays', 'production');
const monitoring = join(k8s, 'monitoring');
const files = readdirSync(k8s, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

describe.each([
  ['base', base],
  ['production', production],
])('the manifests of %s', (_name, directory) => {
  const manifests = render(directory);

  test('are those of a service that scales, is drained and is fenced in, and of one that keeps models', () => {
    const kinds = manifests.map((manifest) => manifest.kind).filter((kind) => kind !== 'Namespace');
    expect(kinds.sort()).toEqual([
      'ConfigMap',
      'Deployment',
      'HorizontalPodAutoscaler',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'Service',
      'ServiceAccount',
      'StatefulSet',
    ]);
  });

  test('pass the validators of their models', () => {
    expect(manifests.flatMap(invalid)).toEqual([]);
  });

  test('have no key that the API does not know', () => {
    expect(unknownKeys(manifests).flat()).toEqual([]);
  });
});

describe('the checks find', () => {
  const mutated = (kind: string, change: (spec: Fields) => void): Manifest => {
    const manifest = find(render(base), kind);
    change(manifest.spec ?? {});
    return manifest;
  };

  test('a value of the wrong type, a missing field and an unknown kind', () => {
    expect(invalid(mutated('Deployment', (spec) => (spec['replicas'] = 'two')))).toHaveLength(1);
    expect(invalid(mutated('Deployment', (spec) => delete spec['selector']))).toHaveLength(1);
    expect(invalid({ ...find(render(base), 'Service'), kind: 'Servise' })).toEqual(['v1 has no Servise']);
  });

  test('an unknown key at the top, deep in a list, and one that a patch carries in', () => {
    const top = mutated('PodDisruptionBudget', (spec) => (spec['minAvailabel'] = 1));
    const deep = mutated('Deployment', () => {});
    for (const container of containers(deep)) container['readinessProb'] = container['readinessProbe'];
    const patched = mutated('HorizontalPodAutoscaler', (spec) => {
      merge(spec, { minReplica: 3 });
    });

    expect([top, deep, patched].flatMap(invalid)).toEqual([]);
    expect(unknownKeys([top, deep, patched])).toEqual([
      [expect.stringContaining('minAvailabel')],
      [expect.stringContaining('readinessProb')],
      [expect.stringContaining('minReplica')],
    ]);
  });

  test('a patch with a list, which would need merging by key', () => {
    expect(() => {
      merge({ spec: {} }, { spec: { ports: [] } });
    }).toThrow('got one at ports');
  });

  test('a key written twice', () => {
    expect(() => parse('kind: Service\nkind: Deployment\n')).toThrow('Map keys must be unique');
  });

  test('a file that is missing and one that nothing names', () => {
    const plan: Kustomization = {
      kind: 'Kustomization',
      resources: ['gone.yaml'],
      patches: [{ path: 'p.yaml' }],
    };
    const onDisk = ['a/kustomization.yaml', 'a/p.yaml', 'a/left.yaml'];
    expect(loose(onDisk, ['a'], () => plan)).toEqual(['missing: a/gone.yaml', 'named nowhere: a/left.yaml']);
  });
});

describe('the kustomizations', () => {
  test('name every file under k8s/, and each of those exists', () => {
    expect(loose(files, [production, monitoring], kustomization).map((line) => relative(root, line))).toEqual(
      [],
    );
  });

  test('production changes scale, settings and image, and nothing of the pod besides', () => {
    for (const kind of ['Deployment', 'StatefulSet']) {
      const [before, after] = [find(render(base), kind), find(render(production), kind)];
      const [image] = containers(after).map((container) => container.image);
      expect(image).toMatch(/^ghcr\.io\/[^:@]+(:\d+\.\d+\.\d+|@sha256:[0-9a-f]{64})$/);
      for (const container of containers(before)) container.image = image ?? '';
      expect(after.spec).toEqual(before.spec);
    }

    const settings = find(render(production), 'ConfigMap').data;
    expect(settings).toMatchObject(find(render(base), 'ConfigMap').data ?? {});
    const [low, high] = [base, production].map((at) => find(render(at), 'HorizontalPodAutoscaler').spec);
    expect(Number(high?.['minReplicas'])).toBeGreaterThanOrEqual(Number(low?.['minReplicas']));
  });

  test('production runs in a namespace that enforces the restricted profile', () => {
    const manifests = render(production);
    const namespace = find(manifests, 'Namespace').metadata;
    expect(namespace.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    for (const { kind, metadata } of manifests) {
      if (kind !== 'Namespace') expect(metadata.namespace).toBe(namespace.name);
    }
  });
});
