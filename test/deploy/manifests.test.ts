/**
 * Every manifest under k8s/ is what the Kubernetes API would take: valid by the models' own validators, free of
 * keys the API does not know, and reachable from a kustomization.
 */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import ts from 'typescript';
import {
  containers,
  type Fields,
  find,
  type Kustomization,
  kustomization,
  type Manifest,
  merge,
  parse,
  render,
  root,
} from './kustomize.js';

/** The compiler takes a second or two to start, and longer beside other suites. */
jest.setTimeout(30_000);

const load = createRequire(__filename);

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
const embedded = join(k8s, 'overlays', 'embedded');
const production = join(k8s, 'overlays', 'production');
const monitoring = join(k8s, 'monitoring');
const files = readdirSync(k8s, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));

/** Of every overlay. */
const COMMON = ['ConfigMap', 'NetworkPolicy', 'Service', 'Service', 'ServiceAccount'];
const SCALING = ['Deployment', 'HorizontalPodAutoscaler', 'PodDisruptionBudget'];

describe.each([
  ['base', base, [...COMMON, ...SCALING, 'StatefulSet']],
  ['embedded', embedded, [...COMMON, 'Namespace', 'StatefulSet']],
  ['production', production, [...COMMON, ...SCALING, 'Namespace', 'NetworkPolicy']],
])('the manifests of %s', (_name, directory, expected) => {
  const manifests = render(directory);

  test('are those of a service that is fenced in, and scales or keeps what it has', () => {
    expect(manifests.map(({ kind }) => kind).sort()).toEqual([...expected].sort());
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
    expect(
      loose(files, [embedded, production, monitoring], kustomization).map((line) => relative(root, line)),
    ).toEqual([]);
  });

  test.each([embedded, production])(
    '%s runs in a namespace that enforces the restricted profile',
    (overlay) => {
      const manifests = render(overlay);
      const namespace = find(manifests, 'Namespace').metadata;
      expect(namespace.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
      for (const { kind, metadata } of manifests) {
        if (kind !== 'Namespace') expect(metadata.namespace).toBe(namespace.name);
      }
    },
  );
});
