/** The objects of `k8s/base`, as its files say them. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec';
import type { IService } from 'kubernetes-models/v1/Service';
import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { parse } from 'yaml';

export interface Cluster {
  deployment: IDeployment;
  service: IService;
  /** The pod that keeps models, and the way to it. */
  keeper: IStatefulSet;
  keeperService: IService;
  autoscaler: IHorizontalPodAutoscaler;
  budget: IPodDisruptionBudget;
  policy: INetworkPolicy;
  account: IServiceAccount;
  settings: Record<string, string>;
}

const read = (name: string): unknown =>
  parse(readFileSync(join(resolve(__dirname, '../../k8s/base'), `${name}.yaml`), 'utf8'));

const settings = (): Cluster['settings'] => {
  const plan = read('kustomization') as { configMapGenerator: { literals: string[] }[] };
  const lines = plan.configMapGenerator.flatMap(({ literals }) => literals);
  return Object.fromEntries(
    lines.map((line): [string, string] => [line.replace(/=.*/s, ''), line.replace(/.*?=/s, '')]),
  );
};

export const cluster = (): Cluster => ({
  deployment: read('deployment') as IDeployment,
  service: read('service') as IService,
  keeper: read('statefulset-models') as IStatefulSet,
  keeperService: read('service-models') as IService,
  autoscaler: read('horizontalpodautoscaler') as IHorizontalPodAutoscaler,
  budget: read('poddisruptionbudget') as IPodDisruptionBudget,
  policy: read('networkpolicy') as INetworkPolicy,
  account: read('serviceaccount') as IServiceAccount,
  settings: settings(),
});

export const podOf = ({ deployment }: Cluster): IPodSpec => {
  const pod = deployment.spec?.template.spec;
  if (!pod) throw new Error('expected a pod in the Deployment');
  return pod;
};

export const containerOf = (subject: Cluster): IContainer => {
  const [container] = podOf(subject).containers;
  if (!container) throw new Error('expected a container in the pod');
  return container;
};

/** The sentences whose condition does not hold. */
export const failing = (rules: [boolean, string][]): string[] =>
  rules.filter(([holds]) => !holds).map(([, rule]) => rule);

/** Whether labels are what a selector looks for; an empty selector looks for nothing. */
export const includes = (labels: object | undefined, selector: object | undefined): boolean => {
  const wanted = Object.entries(selector ?? {});
  const have = new Map(Object.entries(labels ?? {}));
  return wanted.length > 0 && wanted.every(([key, value]) => have.get(key) === value);
};
