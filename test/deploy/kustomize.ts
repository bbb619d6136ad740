/** The part of kustomize that the manifests use: what an overlay comes to is judged as it would be applied. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

export const root = resolve(__dirname, '../..');

export type Fields = Record<string, unknown>;
export interface Manifest extends Fields {
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
export interface Kustomization {
  kind: 'Kustomization';
  namespace?: string;
  resources?: string[];
  configMapGenerator?: Generator[];
  images?: { name: string; newName?: string; newTag?: string; digest?: string }[];
  patches?: { path: string }[];
}

/** The documents of a YAML file; a repeated key or a second meaning of an indent is an error, not a guess. */
export const parse = <T>(text: string): T[] =>
  parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw new Error(document.errors.map(String).join('\n'));
    return document.toJS() as T;
  });

export const read = <T>(path: string): T[] => parse<T>(readFileSync(path, 'utf8'));

export const kustomization = (directory: string): Kustomization => {
  const [found] = read<Kustomization>(join(directory, 'kustomization.yaml'));
  if (found?.kind !== 'Kustomization') throw new Error(`expected a Kustomization in ${directory}`);
  return found;
};

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How the API merges lists (x-kubernetes-patch-merge-key), those that are patched here; null: a patch replaces the list. */
const MERGE_KEYS: Readonly<Record<string, string | null>> = {
  containers: 'name',
  env: 'name',
  metrics: null,
};

/** A strategic merge; a list of which it is not known how it merges is refused. */
export const merge = (into: Fields, patch: Fields): void => {
  for (const [key, value] of Object.entries(patch)) {
    const old = into[key];
    if (Array.isArray(value)) {
      const by = MERGE_KEYS[key];
      if (by === undefined) throw new Error(`expected a patch without lists, got one at ${key}`);
      into[key] = by === null ? value : mergeLists(Array.isArray(old) ? old : [], value, by);
    } else if (isObject(value) && isObject(old)) merge(old, value);
    else into[key] = value;
  }
};

const mergeLists = (old: readonly unknown[], patch: readonly unknown[], by: string): unknown[] => {
  const list = [...old];
  for (const item of patch) {
    const same = list.find((other) => isObject(other) && isObject(item) && other[by] === item[by]);
    if (isObject(same) && isObject(item)) merge(same, item);
    else list.push(item);
  }
  return list;
};

export const find = (manifests: Manifest[], kind: string, name?: string): Manifest => {
  const found = manifests.find(
    (manifest) => manifest.kind === kind && (!name || manifest.metadata.name === name),
  );
  if (!found) throw new Error(`expected a ${kind} ${name ?? ''}`);
  return found;
};

type Container = Fields & { image: string };

export const containers = (workload: Manifest): Container[] =>
  (workload.spec as { template: { spec: { containers: Container[] } } }).template.spec.containers;

/** What `kubectl kustomize` prints, without the hash that it puts behind a generated name. */
export const render = (directory: string): Manifest[] => {
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
    for (const { $patch, ...patch } of read<Manifest & { $patch?: 'delete' }>(join(directory, path))) {
      const patched = find(manifests, patch.kind, patch.metadata.name);
      if ($patch === 'delete') manifests.splice(manifests.indexOf(patched), 1);
      else merge(patched, patch);
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
