/** The two ways to run the service: one pod with a volume, or pods that keep nothing and share their backends. */
import { join } from 'node:path';
import { readSettings } from '../../src/environment.js';
import { settingsSchema } from '../../src/settings.js';
import { containers, type Fields, find, type Manifest, merge, read, render, root } from './kustomize.js';

const overlay = (name: string): Manifest[] => render(join(root, 'k8s', 'overlays', name));
const base = (): Manifest[] => render(join(root, 'k8s', 'base'));

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string; readonly optional?: boolean };
  };
}
interface Metric {
  readonly type: string;
  readonly resource?: { readonly name: string };
  readonly pods?: { readonly metric: { readonly name: string } };
  readonly external?: { readonly metric: { readonly name: string } };
}
interface Pods {
  readonly template: {
    readonly metadata: { readonly labels: Record<string, string> };
    readonly spec: Fields;
  };
  readonly strategy?: Fields;
}

const variables = (workload: Manifest): readonly Variable[] => {
  const [container] = containers(workload);
  return (container?.['env'] ?? []) as Variable[];
};
const podOf = (workload: Manifest): Pods => workload.spec as unknown as Pods;
const selectorOf = (manifests: Manifest[], name: string): unknown =>
  find(manifests, 'Service', name).spec?.['selector'];

describe.each(['embedded', 'production'])('%s', (name) => {
  const manifests = overlay(name);
  const workloads = manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');

  test('is the pod of base, with its image and what it is told', () => {
    expect(workloads).toHaveLength(1);
    for (const workload of workloads) {
      const before = find(base(), workload.kind);
      const [was] = containers(before);
      const [container] = containers(workload);
      expect(container?.image).toMatch(/^ghcr\.io\/[^:@]+(:\d+\.\d+\.\d+|@sha256:[0-9a-f]{64})$/u);
      const own = variables(before).map((variable) => variable.name);
      expect(variables(workload).filter((variable) => own.includes(variable.name))).toEqual(
        variables(before),
      );
      expect({ ...container, image: '', env: [] }).toEqual({ ...was, image: '', env: [] });
    }
  });

  test('both Services lead to its pods, and the policies to all of them', () => {
    for (const { spec } of workloads) {
      const { labels } = (spec as unknown as Pods).template.metadata;
      for (const service of ['analytics-service', 'analytics-service-models'])
        expect(labels).toMatchObject(selectorOf(manifests, service) as object);
      for (const policy of manifests.filter(({ kind }) => kind === 'NetworkPolicy')) {
        const { podSelector } = policy.spec as { podSelector: { matchLabels: object } };
        expect(labels).toMatchObject(podSelector.matchLabels);
      }
    }
  });

  test('every setting is one of the service, or a standard variable, and they start it', () => {
    const settings = find(manifests, 'ConfigMap').data ?? {};
    const named = [
      ...Object.keys(settings),
      ...workloads.flatMap(variables).map((variable) => variable.name),
    ];
    const unknown = named.filter(
      (one) => !Object.hasOwn(settingsSchema.properties, one) && !/^(?:OTEL|AWS|POD)_[A-Z_]+$/u.test(one),
    );
    expect(unknown).toEqual([]);
    expect(() => readSettings({ ...settings, ...SECRET })).not.toThrow();
  });

  test('the heaps of lanes, the budget and the process fit into the memory', () => {
    const { settings } = readSettings({ ...(find(manifests, 'ConfigMap').data ?? {}), LANES: '2' });
    expect(settings.MEMORY_BUDGET + 2 * settings.LANE_HEAP_BYTES + 200 * 2 ** 20).toBeLessThanOrEqual(
      2 * 2 ** 30,
    );
  });
});

/** As the Secret may be. */
const SECRET: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgres://analytics:secret@postgres.databases:5432/analytics',
  S3_URL: 's3://analytics/production',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
  KAFKA_BROKERS: 'kafka-0.kafka:9092,kafka-1.kafka:9092',
  KAFKA_TLS: 'true',
  KAFKA_SASL: 'SCRAM-SHA-512',
  KAFKA_USERNAME: 'analytics',
  KAFKA_PASSWORD: 'secret',
};
const MOST_PODS = Number(find(overlay('production'), 'HorizontalPodAutoscaler').spec?.['maxReplicas']);

describe('embedded', () => {
  const manifests = overlay('embedded');

  test('is one pod, with a volume that no other has', () => {
    const { replicas, volumeClaimTemplates } = find(manifests, 'StatefulSet').spec as {
      replicas: number;
      volumeClaimTemplates: { spec: { accessModes: string[] } }[];
    };
    expect([replicas, volumeClaimTemplates[0]?.spec.accessModes]).toEqual([1, ['ReadWriteOncePod']]);
    expect(variables(find(manifests, 'StatefulSet')).some(({ name }) => name in SECRET)).toBe(false);
  });
});

describe('production', () => {
  const manifests = overlay('production');
  const deployment = find(manifests, 'Deployment');

  test('has its backends from one Secret, without which it does not start, and no value of them in a manifest', () => {
    const asked = variables(deployment).filter(({ name }) => name in SECRET);
    expect(asked.map(({ name }) => name).sort()).toEqual(Object.keys(SECRET).sort());
    for (const { name, value, valueFrom } of asked) {
      const isNeeded = ['DATABASE_URL', 'S3_URL'].includes(name);
      expect([name, value, valueFrom]).toEqual([
        name,
        undefined,
        {
          secretKeyRef: {
            name: 'analytics-service-backends',
            key: name,
            ...(!isNeeded && { optional: true }),
          },
        },
      ]);
    }
    // Secrets alone; nothing of them is a literal.
    const settings = find(manifests, 'ConfigMap').data ?? {};
    expect(Object.keys(settings).filter((name) => name in SECRET)).toEqual([]);
    const secrets = Object.entries(settingsSchema.properties).filter(([, rule]) => 'secret' in rule);
    for (const [name] of secrets) expect(settings[name]).toBeUndefined();
  });

  test('keeps nothing in its pods, and replaces them one by one without a pause', () => {
    const { volumes } = podOf(deployment).template.spec as { volumes: Fields[] };
    expect(volumes.some((volume) => 'persistentVolumeClaim' in volume)).toBe(false);
    expect(podOf(deployment).strategy).toMatchObject({ rollingUpdate: { maxUnavailable: 0 } });
    expect(podOf(deployment).template.spec['topologySpreadConstraints']).toHaveLength(2);
    expect(find(manifests, 'PodDisruptionBudget').spec).toMatchObject({ maxUnavailable: 1 });
  });

  test('has no more connections to PostgreSQL than that has by default, with those of a rollout', () => {
    const { settings } = readSettings(find(manifests, 'ConfigMap').data ?? {});
    expect(settings.DATABASE_POOL * (MOST_PODS + 1)).toBeLessThanOrEqual(97);
  });

  test('gets out to PostgreSQL, S3 and Kafka, and never to the credentials of a node', () => {
    const { egress } = find(manifests, 'NetworkPolicy', 'analytics-service-backends').spec as {
      egress: {
        to: { ipBlock: { cidr: string; except: string[] } }[];
        ports: { protocol: string; port: number }[];
      }[];
    };
    const ports = egress.flatMap((rule) => rule.ports.map(({ port }) => port));
    expect(ports.sort()).toEqual([443, 5432, 9092]);
    expect(Number(new URL(SECRET['DATABASE_URL'] ?? '').port)).toBe(5432);
    const [all] = egress.flatMap(({ to }) => to).filter(({ ipBlock }) => ipBlock.cidr === '0.0.0.0/0');
    expect(all?.ipBlock.except).toEqual(['169.254.0.0/16']);
  });

  test('scales by CPU, by the wait of requests, by jobs that wait and by records that wait', () => {
    const { metrics, minReplicas } = find(manifests, 'HorizontalPodAutoscaler').spec as {
      metrics: Metric[];
      minReplicas: number;
    };
    expect(minReplicas).toBeGreaterThanOrEqual(3);
    const { rules, externalRules } = adapter;
    const asked = metrics.map(({ type, resource, pods, external }): [string, string | undefined] => [
      type,
      resource?.name ?? pods?.metric.name ?? external?.metric.name,
    ]);
    expect(asked).toEqual([
      ['Resource', 'cpu'],
      ...rules.map(({ name }) => ['Pods', name.as]),
      ...externalRules.map(({ name }) => ['External', name.as]),
    ]);
  });
});

interface AdapterRule {
  readonly name: { readonly as: string };
}
const [adapter = { rules: [], externalRules: [] }] = read<{
  rules: AdapterRule[];
  externalRules: AdapterRule[];
}>(join(root, 'k8s', 'monitoring', 'adapter.yaml'));

describe('patches', () => {
  test('merge lists by the key of the API, and refuse others', () => {
    const into = { env: [{ name: 'A', value: '1' }], metrics: [1, 2] };
    merge(into, {
      env: [
        { name: 'B', value: '2' },
        { name: 'A', value: '3' },
      ],
      metrics: [3],
    });
    expect(into).toEqual({
      env: [
        { name: 'A', value: '3' },
        { name: 'B', value: '2' },
      ],
      metrics: [3],
    });
    expect(() => {
      merge({}, { egress: [] });
    }).toThrow('got one at egress');
  });
});
