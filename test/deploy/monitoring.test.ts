/** Dashboard and alerts ask for what /metrics has, and nothing it has goes unasked; each alert is explained. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { OUTCOMES } from '../../src/adapters/telemetry/tally.js';
import { at, type JsonValue, postJson, ROOT, send, startService } from '../service.js';
import { type Family, parseExposition } from '../telemetry/exposition.js';
import { namesOf, type Named } from './promql.js';

const monitoring = join(ROOT, 'k8s', 'monitoring');
const read = (name: string): string => readFileSync(join(monitoring, name), 'utf8');
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}
interface Rules {
  readonly spec: { readonly groups: readonly { readonly name: string; readonly rules: readonly Alert[] }[] };
}
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat: string;
    readonly refId: string;
  }[];
}
interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

const alerts = (parse(read('alerts.yaml')) as Rules).spec.groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(read('dashboard.json')) as Dashboard;
const targets = dashboard.panels.flatMap(({ title, targets: list = [] }) =>
  list.map((target) => ({ title, ...target })),
);

/** What Prometheus itself puts on every series of a target. */
const TARGET = ['job', 'instance', 'namespace', 'pod'];
/** What others expose: Prometheus itself, and kube-state-metrics. */
const ELSEWHERE: ReadonlyMap<string, readonly string[]> = new Map([
  ['up', TARGET],
  ['kube_pod_status_ready', ['namespace', 'pod', 'condition']],
]);

/** A dataset, a job to its end, a stream with a batch and a window that it closes. */
async function keepSome(url: string): Promise<void> {
  const stored = await postJson(`${url}/datasets`, { columns: { a: [1, 2, 3] } });
  const job = await postJson(`${url}/jobs`, {
    operation: 'describe',
    dataset: at(stored.json, 'results', 'id')!,
  });
  expect(job.status).toBe(202);
  const look = async (): Promise<JsonValue | undefined> =>
    at((await send(url + String(job.headers['location']), { method: 'GET' })).json, 'results', 'state');
  const late = performance.now() + 20_000;
  while ((await look()) !== 'succeeded') {
    if (performance.now() > late) throw new Error(`expected a job that succeeds, got another end`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const window = { type: 'tumbling', size: '1s', time: 't', lateness: 0 };
  const definition = { name: 'seen', source: { type: 'http' }, window, operations: [{ name: 'describe' }] };
  expect((await postJson(`${url}/streams`, definition)).status).toBe(201);
  const records = [
    { t: 0, x: 1 },
    { t: 5000, x: 2 },
  ];
  expect((await postJson(`${url}/streams/seen/records`, { data: records })).status).toBe(200);
}

const text = { type: 'string', minLength: 1 } as const;
const texts = { type: 'object', additionalProperties: text } as const;
const object = (properties: Readonly<Record<string, object>>, optional: readonly string[] = []): object => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
const duration = { type: 'string', pattern: '^[1-9][0-9]*(s|m|h)$' };
const metadata = object({ name: text, labels: texts });

/** The parts that are used of the Prometheus Operator's custom resources (its API reference, monitoring.coreos.com/v1). */
const KINDS: Readonly<Record<string, object>> = {
  'podmonitor.yaml': object({
    apiVersion: { const: 'monitoring.coreos.com/v1' },
    kind: { const: 'PodMonitor' },
    metadata,
    spec: object({
      selector: object({ matchLabels: texts }),
      jobLabel: text,
      sampleLimit: { type: 'integer', minimum: 200 },
      podMetricsEndpoints: {
        type: 'array',
        minItems: 1,
        items: object({
          port: text,
          path: { const: '/metrics' },
          interval: duration,
          scrapeTimeout: duration,
          authorization: object({ credentials: object({ name: text, key: text }) }),
        }),
      },
    }),
  }),
  'alerts.yaml': object({
    apiVersion: { const: 'monitoring.coreos.com/v1' },
    kind: { const: 'PrometheusRule' },
    metadata,
    spec: object({
      groups: {
        type: 'array',
        minItems: 1,
        items: object({
          name: text,
          rules: {
            type: 'array',
            items: object(
              {
                alert: { type: 'string', pattern: '^AnalyticsService[A-Z][A-Za-z]+$' },
                expr: text,
                for: duration,
                labels: object({ severity: { enum: ['critical', 'warning'] } }),
                annotations: object({ summary: text, description: text, runbook: text }),
              },
              ['for'],
            ),
          },
        }),
      },
    }),
  }),
};

describe('the custom resources', () => {
  const faults = (name: string, manifest: unknown): string[] => {
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(KINDS[name] ?? false);
    validate(manifest);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  };

  test.each(Object.keys(KINDS))('%s has what its kind has, and nothing else', (name) => {
    expect(faults(name, parse(read(name)))).toEqual([]);
  });

  test('a key that is not known is found', () => {
    const manifest = parse(read('podmonitor.yaml')) as { spec: Record<string, unknown> };
    manifest.spec['jobLabell'] = 'x';
    expect(faults('podmonitor.yaml', manifest)).toEqual(['/spec must NOT have additional properties']);
  });

  test('the pods that are monitored are those of base, on a port that they have', () => {
    const { spec } = parse(read('podmonitor.yaml')) as {
      spec: {
        selector: { matchLabels: Record<string, string> };
        jobLabel: string;
        podMetricsEndpoints: { port: string }[];
      };
    };
    for (const file of ['deployment.yaml', 'statefulset-models.yaml']) {
      const { template } = (
        parse(readFileSync(join(ROOT, 'k8s', 'base', file), 'utf8')) as {
          spec: {
            template: {
              metadata: { labels: Record<string, string> };
              spec: { containers: { ports: { name: string }[] }[] };
            };
          };
        }
      ).spec;
      expect(template.metadata.labels).toMatchObject(spec.selector.matchLabels);
      expect(template.metadata.labels[spec.jobLabel]).toBe('analytics-service');
      const ports = template.spec.containers.flatMap((container) => container.ports.map(({ name }) => name));
      for (const { port } of spec.podMetricsEndpoints) expect(ports).toContain(port);
    }
  });
});

describe('expressions', () => {
  let families: ReadonlyMap<string, Family>;
  const used = new Set<string>();

  beforeAll(async () => {
    const service = await startService();
    for (const data of [[{ a: 1 }, { a: 2 }], []])
      await postJson(`${service.url}/analytics/describe`, { data });
    await keepSome(service.url);
    families = parseExposition((await send(`${service.url}/metrics`, { method: 'GET' })).text);
    expect(await service.stop()).toBe(0);
  });

  /** What is wrong with the names of an expression. */
  function faults({ selectors, grouping }: Named): string[] {
    const known = new Set<string>(TARGET);
    const wrong: string[] = [];
    for (const { metric, matchers } of selectors) {
      const samples = [...families.values()].flatMap(({ samples: list }) =>
        list.filter(({ name }) => name === metric),
      );
      used.add(metric);
      const labels = ELSEWHERE.get(metric) ?? [
        ...TARGET,
        ...samples.flatMap((sample) => [...sample.labels.keys()]),
      ];
      if (samples.length === 0 && !ELSEWHERE.has(metric)) wrong.push(`no metric ${metric}`);
      for (const label of labels) known.add(label);
      for (const { label, operator, value } of matchers) {
        if (!labels.includes(label)) wrong.push(`${metric} has no label ${label}`);
        if (TARGET.includes(label) || ELSEWHERE.has(metric)) continue;
        const values: readonly (string | undefined)[] =
          label === 'outcome' && metric.startsWith('http_server_')
            ? OUTCOMES
            : samples.map((sample) => sample.labels.get(label));
        for (const wanted of operator === '=~' ? value.split('|') : [value])
          if (!values.includes(wanted)) wrong.push(`${metric} has no ${label} ${wanted}`);
      }
    }
    for (const label of grouping) if (!known.has(label)) wrong.push(`nothing has a label ${label}`);
    return wrong;
  }

  test.each(alerts)('of the alert $alert', ({ expr }) => {
    const names = namesOf(expr);
    expect(names.selectors.length).toBeGreaterThan(0);
    expect(faults(names)).toEqual([]);
    for (const { metric, matchers } of names.selectors) {
      if (metric === 'kube_pod_status_ready') continue;
      expect(matchers).toContainEqual({ label: 'job', operator: '=', value: 'analytics-service' });
    }
  });

  test.each(targets)('of the panel $title, $refId', ({ expr, legendFormat }) => {
    const names = namesOf(expr);
    expect(names.selectors.length).toBeGreaterThan(0);
    expect(faults(names)).toEqual([]);
    // What a legend shows is a label that is left.
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/gu)) {
      if (names.grouping.length > 0) expect(names.grouping).toContain(label);
      else expect(TARGET).toContain(label);
    }
  });

  test('the variables of the dashboard are labels of a metric, and every one is used', () => {
    for (const { name, definition } of dashboard.templating.list) {
      expect(read('dashboard.json')).toContain(`$${name === 'datasource' ? '{datasource}' : name}`);
      if (definition === undefined) continue;
      const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/u.exec(definition) ?? [];
      expect([TARGET.includes(label), faults(namesOf(selector))]).toEqual([true, []]);
    }
  });

  test('every metric is looked at by a panel or an alert', () => {
    const idle = [...families.keys()].filter(
      (name) => ![name, `${name}_bucket`, `${name}_sum`, `${name}_count`].some((one) => used.has(one)),
    );
    expect(idle).toEqual([]);
  });

  test('every metric is in the table of the README', () => {
    const listed = [...readme.matchAll(/^\| `(\w+)` +\| (?:counter|gauge|histogram) /gmu)].map(
      ([, name]) => name,
    );
    expect(listed.sort()).toEqual([...families.keys()].sort());
  });

  test('what is misspelt is found', () => {
    const of = (expression: string): string[] => faults(namesOf(expression));
    expect(of('rate(analytics_lanes_losst_total[5m])')).toEqual(['no metric analytics_lanes_losst_total']);
    expect(of('sum by (rout) (analytics_route_requests_total)')).toEqual(['nothing has a label rout']);
    expect(of('analytics_problems_total{kode="overloaded"}')).toEqual([
      'analytics_problems_total has no label kode',
      'analytics_problems_total has no kode overloaded',
    ]);
    expect(of('analytics_problems_total{code=~"overloaded|overlode"}')).toEqual([
      'analytics_problems_total has no code overlode',
    ]);
    expect(() => namesOf('summ(up)')).toThrow('known function');
    expect(() => namesOf('sum(up')).toThrow('as many )');
    expect(() => namesOf('sum up')).toThrow('expected (');
    expect(() => namesOf('up & up')).toThrow('expected PromQL');
  });
});

describe('alerts', () => {
  test('have names of their own', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    expect(alerts.length).toBeGreaterThanOrEqual(9);
  });

  test.each(alerts)('$alert says what is the matter, and README.md what to do', ({ alert, annotations }) => {
    expect(annotations.runbook).toBe(`README.md#${alert.toLowerCase()}`);
    expect(annotations.summary.length).toBeGreaterThan(20);
    expect(annotations.description).toMatch(/\.$/u);
    const [, section = ''] = new RegExp(`^#+ ${alert}\n([^#]+)`, 'mu').exec(readme) ?? [];
    expect(section.trim().length).toBeGreaterThan(80);
  });
});

describe('the dashboard', () => {
  test('has panels that say what they show, beside one another and not over one another', () => {
    const { panels } = dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    for (const { type, title, description = '', targets: list = [] } of panels) {
      if (type === 'row') continue;
      expect([title, description.length > 0, list.length > 0]).toEqual([title, true, true]);
      expect(new Set(list.map(({ refId }) => refId)).size).toBe(list.length);
    }
  });

  test('goes to Grafana in a ConfigMap that its sidecar finds', () => {
    const { configMapGenerator } = parse(read('kustomization.yaml')) as {
      configMapGenerator: { files: string[]; options: { labels: Record<string, string> } }[];
    };
    expect(configMapGenerator.map(({ files }) => files)).toEqual([
      [`${dashboard.uid}.json=dashboard.json`],
      ['config.yaml=adapter.yaml'],
    ]);
    expect(configMapGenerator[0]?.options.labels).toMatchObject({ grafana_dashboard: '1' });
    // The API server keeps at most so much of one.
    expect(read('dashboard.json').length).toBeLessThan(2 ** 20);
  });
});
