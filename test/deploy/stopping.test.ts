/** The kubelet waits as long as a stop may take, for every workload: the sum of what the manifests and the settings say. */
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { readSettings } from '../../src/environment.js';
import { FLUSH_MS } from '../../src/stop.js';
import { type Cluster, cluster, failing } from './cluster.js';

const WORKLOADS = ['deployment', 'keeper'] as const;

const podOf = (subject: Cluster, workload: (typeof WORKLOADS)[number]): IPodSpec => {
  const pod = subject[workload].spec?.template.spec;
  if (!pod) throw new Error(`expected a pod in ${workload}`);
  return pod;
};

/** Seconds from the order to stop a pod to its end, at most; and where it says otherwise than the service. */
const stopOf = (subject: Cluster, pod: IPodSpec): { readonly seconds: number; readonly wrong: string[] } => {
  const [container] = pod.containers;
  const own = (container?.env ?? []).flatMap(({ name, value }) =>
    value === undefined ? [] : [[name, value]],
  );
  const { settings } = readSettings({
    ...subject.settings,
    ...(Object.fromEntries(own) as object),
    LANES: '1',
  });
  const preStop = container?.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const seconds = preStop + (settings.DRAIN_MS + settings.STOP_GRACE_MS + FLUSH_MS) / 1000;
  const { readinessProbe: ready, livenessProbe: live } = container ?? {};
  const patience = (live?.periodSeconds ?? 10) * (live?.failureThreshold ?? 3);
  const wrong = failing([
    [preStop >= 5, 'endpoints have 5 s to forget the pod'],
    [seconds <= (pod.terminationGracePeriodSeconds ?? 30), 'the grace period is as long as a stop may take'],
    [settings.DRAIN_MS < settings.STOP_GRACE_MS, 'it drains within its grace'],
    [settings.DEADLINE_MS <= settings.STOP_GRACE_MS, 'a request has its whole deadline'],
    [ready?.httpGet?.path === '/health/ready', 'readiness, which a stop takes back, is asked'],
    [live?.httpGet?.path === '/health/live' && patience >= 10, 'liveness, which a stop leaves, is asked'],
  ]);
  return { seconds, wrong };
};

test.each(WORKLOADS)('%s: preStop, drain, grace and flush fit terminationGracePeriodSeconds', (workload) => {
  const subject = cluster();
  const { seconds, wrong } = stopOf(subject, podOf(subject, workload));
  expect(wrong).toEqual([]);
  expect(seconds).toBe(45);
});

describe.each(WORKLOADS)('%s: the check finds', (workload) => {
  test.each<[string, string, (subject: Cluster) => unknown]>([
    [
      'a grace period that is too short',
      'the grace period is as long as a stop may take',
      (it) => (podOf(it, workload).terminationGracePeriodSeconds = 44),
    ],
    [
      'a longer grace of the service',
      'the grace period is as long as a stop may take',
      (it) => (it.settings['STOP_GRACE_MS'] = '60000'),
    ],
    [
      'a longer drain, of this container',
      'the grace period is as long as a stop may take',
      (it) => podOf(it, workload).containers[0]!.env!.push({ name: 'DRAIN_MS', value: '9000' }),
    ],
    [
      'a deadline beyond the grace',
      'a request has its whole deadline',
      (it) => (it.settings['DEADLINE_MS'] = '40000'),
    ],
    [
      'no preStop',
      'endpoints have 5 s to forget the pod',
      (it) => delete podOf(it, workload).containers[0]!.lifecycle,
    ],
    [
      'readiness that asks for life',
      'readiness, which a stop takes back, is asked',
      (it) =>
        (podOf(it, workload).containers[0]!.readinessProbe = {
          httpGet: { path: '/health/live', port: 'http' },
        }),
    ],
  ])('%s', (_what, rule, change) => {
    const subject = cluster();
    change(subject);
    expect(stopOf(subject, podOf(subject, workload)).wrong).toContain(rule);
  });
});
