/**
 * The deployment fits the cluster and the service: Pod Security "restricted" with a read-only root, probes and ports
 * that the service answers on, labels that select each other, and a shutdown that ends before the kubelet's patience.
 */
import { posix } from 'node:path';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import { type Cluster, cluster, containerOf, failing, includes, podOf } from './cluster.js';

/** What the service promises: where it listens, what it answers there, how long it finishes requests after SIGTERM. */
const SERVICE = { port: 8000, live: '/health/live', ready: '/health/ready', drainSeconds: 30 };

const VOLUMES = 'configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret'.split(
  ' ',
);

/**
 * What stands against Pod Security "restricted" (https://kubernetes.io/docs/concepts/security/pod-security-standards/),
 * and against what this service adds to it: a read-only root, a uid of 10000 or more, no token.
 */
const restricted = (pod: IPodSpec, claims: readonly string[] = []): string[] => {
  const forPod = pod.securityContext ?? {};
  const volumes = pod.volumes ?? [];
  const writable = [...volumes.filter((volume) => volume.emptyDir).map((volume) => volume.name), ...claims];
  const ofPod: [boolean, string][] = [
    [!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, 'no namespace of the host'],
    [
      volumes.every((volume) => Object.keys(volume).every((key) => key === 'name' || VOLUMES.includes(key))),
      'volumes',
    ],
    [
      volumes.every((volume) => !volume.emptyDir || volume.emptyDir.sizeLimit !== undefined),
      'bounded volumes',
    ],
    [(forPod.sysctls ?? []).length === 0, 'no sysctls'],
    [forPod.windowsOptions?.hostProcess !== true, 'no host process'],
    [pod.automountServiceAccountToken === false, 'no token'],
  ];
  const all = [...pod.containers, ...(pod.initContainers ?? [])];
  return [
    ...failing(ofPod),
    ...all.flatMap((container) => {
      const own = container.securityContext ?? {};
      const user = own.runAsUser ?? forPod.runAsUser;
      const group = own.runAsGroup ?? forPod.runAsGroup;
      const seccomp = own.seccompProfile ?? forPod.seccompProfile;
      const rules: [boolean, string][] = [
        [own.privileged !== true, 'not privileged'],
        [own.allowPrivilegeEscalation === false, 'no privilege escalation'],
        [own.capabilities?.drop?.includes('ALL') === true, 'drops ALL'],
        [(own.capabilities?.add ?? []).every((name) => name === 'NET_BIND_SERVICE'), 'adds no capability'],
        [(own.runAsNonRoot ?? forPod.runAsNonRoot) === true, 'runs as non-root'],
        [user !== undefined && user >= 10000, 'uid of 10000 or more'],
        [group !== undefined && group >= 10000, 'gid of 10000 or more'],
        [seccomp?.type === 'RuntimeDefault', 'seccomp RuntimeDefault'],
        [(own.procMount ?? 'Default') === 'Default', 'default proc'],
        [(own.seLinuxOptions ?? forPod.seLinuxOptions) === undefined, 'no SELinux options'],
        [(own.appArmorProfile ?? forPod.appArmorProfile)?.type !== 'Unconfined', 'confined by AppArmor'],
        [(container.ports ?? []).every((port) => !port.hostPort), 'no host port'],
        [own.readOnlyRootFilesystem === true, 'read-only root'],
        [
          ['/data', '/tmp'].every((path) =>
            container.volumeMounts?.some(
              (mount) => mount.mountPath === path && writable.includes(mount.name),
            ),
          ),
          'writable /data and /tmp',
        ],
      ];
      return failing(rules);
    }),
  ];
};

const UNITS: Record<string, number> = { '': 1, m: 1e-3, Mi: 2 ** 20, Gi: 2 ** 30 };

/** A Kubernetes quantity as a number. */
const quantity = (text: string | number | undefined): number => {
  const [, digits, unit = ''] = /^(\d+)([A-Za-z]*)$/.exec(String(text)) ?? [];
  return Number(digits) * (UNITS[unit] ?? Number.NaN);
};

/** Where the objects contradict each other or the service. */
const disagreements = (subject: Cluster): string[] => {
  const { deployment, service, autoscaler, budget, policy, account, settings } = subject;
  const pod = podOf(subject);
  const container = containerOf(subject);
  const labels = deployment.spec?.template.metadata?.labels;
  const port = container.ports?.find((candidate) => candidate.name === 'http');
  const { startupProbe: startup, readinessProbe: readiness, livenessProbe: liveness } = container;
  const { requests = {}, limits = {} } = container.resources ?? {};
  const grace = pod.terminationGracePeriodSeconds ?? 30;
  const preStop = container.lifecycle?.preStop?.sleep?.seconds ?? 0;
  const floor = autoscaler.spec?.minReplicas ?? 1;
  const target = autoscaler.spec?.scaleTargetRef;
  const egress = (policy.spec?.egress ?? []).flatMap((rule) => rule.ports ?? [{ port: 'any' }]);
  const ingress = (policy.spec?.ingress ?? []).flatMap((rule) => rule.ports ?? [{ port: 'any' }]);
  const spread = pod.topologySpreadConstraints ?? [];
  const kept = Number(budget.spec?.minAvailable ?? 0);
  const folder = posix.dirname(settings['API_KEYS_FILE'] ?? '');
  const mount = container.volumeMounts?.find(({ mountPath }) => mountPath === folder);
  const keys = pod.volumes?.find(({ name }) => name === mount?.name);
  const to = [startup, readiness, liveness].map((probe) => probe?.httpGet?.port);
  const rules: [boolean, string][] = [
    [port?.containerPort === SERVICE.port, 'the container listens on the port of the service'],
    [settings['PORT'] === String(SERVICE.port), 'PORT is the port of the service'],
    [settings['HOST'] === '0.0.0.0', 'HOST is every interface, for probes come from outside'],
    [to.every((name) => name === 'http'), 'probes ask the port http'],
    [service.spec?.ports?.[0]?.targetPort === 'http', 'the Service leads to the port http'],
    [startup?.httpGet?.path === SERVICE.live, 'startup asks for life'],
    [liveness?.httpGet?.path === SERVICE.live, 'liveness asks for life'],
    [readiness?.httpGet?.path === SERVICE.ready, 'readiness asks for readiness'],
    [(startup?.periodSeconds ?? 10) * (startup?.failureThreshold ?? 3) >= 30, 'startup may take 30 s'],
    [preStop >= 5, 'endpoints have 5 s to forget a pod'],
    [preStop + SERVICE.drainSeconds < grace, 'preStop and drain end before the grace period'],
    [includes(labels, deployment.spec?.selector.matchLabels), 'the Deployment selects its pods'],
    [includes(labels, service.spec?.selector), 'the Service selects the pods'],
    [includes(labels, budget.spec?.selector?.matchLabels), 'the budget selects the pods'],
    [includes(labels, policy.spec?.podSelector.matchLabels), 'the policy selects the pods'],
    [
      spread.length > 0 && spread.every((each) => includes(labels, each.labelSelector?.matchLabels)),
      'the spread counts the pods',
    ],
    [target?.kind === 'Deployment' && target.name === deployment.metadata?.name, 'the autoscaler scales it'],
    [deployment.spec?.replicas === undefined, 'the autoscaler alone sets the number of pods'],
    [floor >= 2 && floor <= (autoscaler.spec?.maxReplicas ?? 0), 'two pods at the least'],
    [kept < floor && Number(budget.spec?.maxUnavailable ?? 1) > 0, 'a drain can take a pod'],
    [kept > 0 || Number(budget.spec?.maxUnavailable ?? floor) < floor, 'a drain leaves a pod'],
    [policy.spec?.policyTypes?.length === 2, 'the policy governs both directions'],
    [
      ingress.map((each) => each.port).join() === String(SERVICE.port),
      'ingress to the port of the service alone',
    ],
    [egress.map((each) => each.port).join() === '53,53,4318', 'egress to DNS and OTLP alone'],
    [pod.serviceAccountName === account.metadata?.name, 'the pod runs as the ServiceAccount'],
    [account.automountServiceAccountToken === false, 'the ServiceAccount hands out no token'],
    [container.envFrom?.[0]?.configMapRef?.name === 'analytics-service', 'the settings reach the container'],
    [settings['AUTH'] !== 'none', 'callers are asked who they are'],
    [
      mount !== undefined && mount.readOnly === true && mount.subPath === undefined,
      'API_KEYS_FILE is in a folder that is mounted whole, to read',
    ],
    [
      keys?.secret?.secretName === 'analytics-service-keys' && keys.secret.optional !== true,
      'the keys are a Secret that must be there',
    ],
    [
      ((keys?.secret?.defaultMode ?? 0o644) & 0o037) === 0 && pod.securityContext?.fsGroup !== undefined,
      'nobody but the group of the service reads the keys',
    ],
    [
      container.volumeMounts?.some((mount) => mount.mountPath === settings['DATA_DIR']) === true,
      'DATA_DIR is a volume',
    ],
    [quantity(limits['memory']) >= quantity(requests['memory']), 'memory has a request within its limit'],
    [quantity(limits['cpu']) >= quantity(requests['cpu']), 'cpu has a request within its limit'],
    [
      Number(settings['MEMORY_BUDGET']) <= 0.6 * quantity(limits['memory']),
      'MEMORY_BUDGET leaves 40 % of the memory to Node',
    ],
  ];
  return failing(rules);
};

test('the pods meet the restricted profile with a read-only root', () => {
  const subject = cluster();
  expect(restricted(podOf(subject))).toEqual([]);
  const { template, volumeClaimTemplates = [] } = subject.keeper.spec!;
  expect(
    restricted(
      template.spec!,
      volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? ''),
    ),
  ).toEqual([]);
  expect(restricted(template.spec!)).toEqual(['writable /data and /tmp']);
});

test('the objects agree with each other and with the service', () => {
  expect(disagreements(cluster())).toEqual([]);
});

describe('the restricted profile is broken by', () => {
  const own = (subject: Cluster): NonNullable<IContainer['securityContext']> =>
    (containerOf(subject).securityContext ??= {});
  const ofPod = (subject: Cluster): NonNullable<IPodSpec['securityContext']> =>
    (podOf(subject).securityContext ??= {});

  test.each<[string, string, (subject: Cluster) => unknown]>([
    ['the network of the host', 'no namespace of the host', (it) => (podOf(it).hostNetwork = true)],
    [
      'a path of the host',
      'volumes',
      (it) => podOf(it).volumes?.push({ name: 'x', hostPath: { path: '/' } }),
    ],
    [
      'a volume without bound',
      'bounded volumes',
      (it) => podOf(it).volumes?.push({ name: 'x', emptyDir: {} }),
    ],
    ['a sysctl', 'no sysctls', (it) => (ofPod(it).sysctls = [{ name: 'kernel.msgmax', value: '1' }])],
    ['a token', 'no token', (it) => delete podOf(it).automountServiceAccountToken],
    ['privilege', 'not privileged', (it) => (own(it).privileged = true)],
    [
      'escalation left to its default',
      'no privilege escalation',
      (it) => delete own(it).allowPrivilegeEscalation,
    ],
    ['kept capabilities', 'drops ALL', (it) => (own(it).capabilities = { drop: ['NET_RAW'] })],
    [
      'an added one',
      'adds no capability',
      (it) => (own(it).capabilities = { drop: ['ALL'], add: ['SYS_TIME'] }),
    ],
    ['root by default', 'runs as non-root', (it) => delete ofPod(it).runAsNonRoot],
    ["the container's own word", 'runs as non-root', (it) => (own(it).runAsNonRoot = false)],
    ['a low uid', 'uid of 10000 or more', (it) => (ofPod(it).runAsUser = 1000)],
    ['no gid', 'gid of 10000 or more', (it) => delete ofPod(it).runAsGroup],
    ['no seccomp', 'seccomp RuntimeDefault', (it) => (ofPod(it).seccompProfile = { type: 'Unconfined' })],
    [
      'a port of the host',
      'no host port',
      (it) => (containerOf(it).ports = [{ containerPort: 1, hostPort: 1 }]),
    ],
    ['a writable root', 'read-only root', (it) => delete own(it).readOnlyRootFilesystem],
    ['no room to write', 'writable /data and /tmp', (it) => containerOf(it).volumeMounts?.pop()],
  ])('%s', (_what, rule, change) => {
    const subject = cluster();
    change(subject);
    expect(restricted(podOf(subject))).toEqual([rule]);
  });

  test('an init container that is laxer than the rest', () => {
    const pod = podOf(cluster());
    pod.initContainers = [{ name: 'init', image: 'busybox:1' }];
    expect(restricted(pod)).toEqual(expect.arrayContaining(['drops ALL', 'read-only root']));
  });
});

describe('agreement is broken by', () => {
  test.each<[string, string, (subject: Cluster) => unknown]>([
    ['another port', 'PORT is the port of the service', (it) => (it.settings['PORT'] = '8080')],
    [
      'loopback',
      'HOST is every interface, for probes come from outside',
      (it) => (it.settings['HOST'] = '127.0.0.1'),
    ],
    [
      'a probe of the wrong path',
      'readiness asks for readiness',
      (it) => (containerOf(it).readinessProbe = { httpGet: { path: '/health/live', port: 'http' } }),
    ],
    ['no liveness', 'liveness asks for life', (it) => delete containerOf(it).livenessProbe],
    [
      'a short grace period',
      'preStop and drain end before the grace period',
      (it) => (podOf(it).terminationGracePeriodSeconds = 40),
    ],
    ['no preStop', 'endpoints have 5 s to forget a pod', (it) => delete containerOf(it).lifecycle],
    [
      'another label',
      'the Service selects the pods',
      (it) => (it.service.spec = { ...it.service.spec, selector: { a: 'b' } }),
    ],
    [
      'an empty selector',
      'the policy selects the pods',
      (it) => (it.policy.spec = { ...it.policy.spec, podSelector: {} }),
    ],
    [
      'a budget of everything',
      'a drain can take a pod',
      (it) => (it.budget.spec = { ...it.budget.spec, minAvailable: 2 }),
    ],
    [
      'a budget of nothing',
      'a drain leaves a pod',
      (it) => (it.budget.spec = { ...it.budget.spec, maxUnavailable: 2 }),
    ],
    ['AUTH=none', 'callers are asked who they are', (it) => (it.settings['AUTH'] = 'none')],
    [
      'keys elsewhere',
      'API_KEYS_FILE is in a folder that is mounted whole, to read',
      (it) => (it.settings['API_KEYS_FILE'] = '/keys.json'),
    ],
    [
      'a subPath, which is never read again',
      'API_KEYS_FILE is in a folder that is mounted whole, to read',
      (it) =>
        containerOf(it)
          .volumeMounts?.filter(({ name }) => name === 'keys')
          .forEach((mount) => (mount.subPath = 'keys.json')),
    ],
    [
      'keys that may be missing',
      'the keys are a Secret that must be there',
      (it) =>
        podOf(it).volumes?.forEach(({ secret }) => {
          if (secret) secret.optional = true;
        }),
    ],
    [
      'keys that all may read',
      'nobody but the group of the service reads the keys',
      (it) => podOf(it).volumes?.forEach(({ secret }) => delete secret?.defaultMode),
    ],
    ['open egress', 'egress to DNS and OTLP alone', (it) => it.policy.spec?.egress?.push({})],
    ['open ingress', 'ingress to the port of the service alone', (it) => it.policy.spec?.ingress?.push({})],
    ['data on the root', 'DATA_DIR is a volume', (it) => (it.settings['DATA_DIR'] = '/app/data')],
    [
      'a budget as large as the limit',
      'MEMORY_BUDGET leaves 40 % of the memory to Node',
      (it) => (it.settings['MEMORY_BUDGET'] = String(2 ** 31)),
    ],
  ])('%s', (_what, rule, change) => {
    const subject = cluster();
    change(subject);
    expect(disagreements(subject)).toContain(rule);
  });
});
