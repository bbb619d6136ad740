/** Models are kept by one pod: nothing of the manifests lets a second one in, or takes its volume away. */
import type { IContainer } from 'kubernetes-models/v1/Container';
import { type Cluster, cluster, containerOf, failing, includes } from './cluster.js';

/** Where the pod that keeps models could lose them, share them, or differ from the others. */
const lapses = (subject: Cluster): string[] => {
  const { keeper, keeperService, service, budget, policy, deployment, settings } = subject;
  const template = keeper.spec?.template;
  const labels = template?.metadata?.labels;
  const [container] = template?.spec?.containers ?? [];
  const [claim] = keeper.spec?.volumeClaimTemplates ?? [];
  const mount = container?.volumeMounts?.find(({ mountPath }) => mountPath === settings['DATA_DIR']);
  // Its disk is the volume: that it asks the node for less is the one difference.
  const text = (one: IContainer | undefined): string => JSON.stringify({ ...one, resources: undefined });
  const retention = keeper.spec?.persistentVolumeClaimRetentionPolicy;
  const rules: [boolean, string][] = [
    [keeper.spec?.replicas === 1, 'one pod'],
    [mount !== undefined && mount.name === claim?.metadata?.name, 'DATA_DIR is the claim'],
    [claim?.spec?.accessModes?.join() === 'ReadWriteOncePod', 'the claim is for one pod at a time'],
    [
      retention?.whenDeleted === 'Retain' && retention.whenScaled === 'Retain',
      'the claim outlives what is done to the StatefulSet',
    ],
    [includes(labels, keeper.spec?.selector.matchLabels), 'the StatefulSet selects its pod'],
    [includes(labels, keeperService.spec?.selector), 'its Service selects the pod'],
    [keeper.spec?.serviceName === keeperService.metadata?.name, 'its Service governs it'],
    [!includes(labels, service.spec?.selector), 'the Service of the others does not select it'],
    [!includes(labels, deployment.spec?.selector.matchLabels), 'the Deployment does not select it'],
    [!includes(labels, budget.spec?.selector?.matchLabels), 'it is in no budget that would count it'],
    [includes(labels, policy.spec?.podSelector.matchLabels), 'the policy selects it'],
    [text(container) === text(containerOf(subject)), 'its container is that of the others'],
  ];
  return failing(rules);
};

test('models are kept by one pod, on a volume of its own', () => {
  expect(lapses(cluster())).toEqual([]);
});

describe('models would be lost or shared with', () => {
  test.each<[string, string, (subject: Cluster) => unknown]>([
    ['two pods', 'one pod', (it) => (it.keeper.spec!.replicas = 2)],
    ['no claim', 'DATA_DIR is the claim', (it) => delete it.keeper.spec!.volumeClaimTemplates],
    [
      'a claim of many',
      'the claim is for one pod at a time',
      (it) => (it.keeper.spec!.volumeClaimTemplates![0]!.spec!.accessModes = ['ReadWriteMany']),
    ],
    [
      'a claim that goes with the StatefulSet',
      'the claim outlives what is done to the StatefulSet',
      (it) => (it.keeper.spec!.persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete' }),
    ],
    ['data elsewhere', 'DATA_DIR is the claim', (it) => (it.settings['DATA_DIR'] = '/var/data')],
    [
      'a Service of all pods',
      'the Service of the others does not select it',
      (it) => (it.service.spec!.selector = { 'app.kubernetes.io/part-of': 'analytics-service' }),
    ],
    [
      'a policy of the others',
      'the policy selects it',
      (it) =>
        (it.policy.spec!.podSelector = { matchLabels: { 'app.kubernetes.io/name': 'analytics-service' } }),
    ],
    [
      'another probe',
      'its container is that of the others',
      (it) => delete it.keeper.spec!.template.spec!.containers[0]!.livenessProbe,
    ],
  ])('%s', (_what, rule, change) => {
    const subject = cluster();
    change(subject);
    expect(lapses(subject)).toContain(rule);
  });
});
