import { readFile } from 'node:fs/promises';
import { COMPONENTS, type Component } from '@backendai-e2e/api/components';
import { command } from '@backendai-e2e/cli/machine/command';
import type { Provision } from '@backendai-e2e/cli/machine/provision';
import type { Bench } from '../selftests/break-environment.ts';
import type { Defect } from './defect-list.ts';
import { managerLast } from './plan.ts';
import {
  configMapName,
  configMapOf,
  neverPlanted,
  PLANTED_LABEL,
  type PodTemplate,
  plantedTemplate,
  planterError,
  workloadOf,
} from './planting.ts';

/** Time for new pods of a component to become ready on two busy cores, seconds. */
const ROLLOUT_SECONDS = 420;

const PROGRAM = new URL('./sitecustomize.py', import.meta.url);

/** Calls kubectl in the environment's namespace. */
function kubectl(bench: Bench, p: Provision, args: string[], input?: string): Promise<string> {
  const { kubeconfig, namespace } = bench;
  return command(p, bench.kubectl, ['--kubeconfig', kubeconfig, '--namespace', namespace, ...args], {
    timeoutSeconds: ROLLOUT_SECONDS + 30,
    ...(input === undefined ? {} : { input }),
  });
}

/** Plants the defects of one component. Does not wait for its pods: see {@link untilPlanted}. */
export async function plant(
  bench: Bench,
  component: Component,
  defects: readonly Defect[],
  p: Provision,
): Promise<void> {
  const workload = workloadOf(component);
  const original: PodTemplate = JSON.parse(
    await kubectl(bench, p, ['get', workload, '--output=jsonpath={.spec.template}']),
  );
  const program = await readFile(PROGRAM, 'utf8');
  const template = plantedTemplate(original, component, defects, bench.namespace);
  const configMap = configMapOf(component, defects, original, program);
  await kubectl(bench, p, ['create', '--filename=-'], JSON.stringify(configMap));
  await setTemplate(bench, component, template, p);
}

/**
 * Waits until the pods of a component run with what is planted. Throws an Error with what sitecustomize.py said when it ended
 * a process, or else kubectl's error.
 */
export async function untilPlanted(bench: Bench, component: Component, p: Provision): Promise<void> {
  try {
    await untilRolledOut(bench, component, p);
  } catch (error) {
    p.signal.throwIfAborted();
    const said = planterError(await logsOf(bench, component, p));
    throw said ? new Error(`${component}: ${said}`, { cause: error }) : error;
  }
}

/** Undoes what is planted in the environment, also by an earlier process. Returns the components that it restored. */
export async function undoAll(bench: Bench, p: Provision): Promise<Component[]> {
  const list = ['get', 'configmaps', `--selector=${PLANTED_LABEL}`, '--output=name'];
  const found = (await kubectl(bench, p, list)).split('\n');
  const planted = COMPONENTS.filter((component) => found.includes(`configmap/${configMapName(component)}`));
  for (const some of managerLast(planted)) {
    await Promise.all(
      some.map(async (component) => {
        const read = [
          'get',
          'configmap',
          configMapName(component),
          '--output=jsonpath={.data.original\\.json}',
        ];
        await setTemplate(bench, component, JSON.parse(await kubectl(bench, p, read)), p);
      }),
    );
    for (const component of some) {
      await untilRolledOut(bench, component, p);
      await kubectl(bench, p, ['delete', 'configmap', configMapName(component)]);
    }
  }
  return planted;
}

/** The defects of the component that its pods never reported as planted. */
export async function unplanted(
  bench: Bench,
  component: Component,
  defects: readonly Defect[],
  p: Provision,
): Promise<Defect[]> {
  return neverPlanted(defects, await logsOf(bench, component, p));
}

async function setTemplate(
  bench: Bench,
  component: Component,
  value: PodTemplate,
  p: Provision,
): Promise<void> {
  const patch = JSON.stringify([{ op: 'replace', path: '/spec/template', value }]);
  await kubectl(bench, p, ['patch', workloadOf(component), '--type=json', `--patch=${patch}`]);
  // A StatefulSet replaces one pod after another, and none as long as a new one is not ready.
  if (component === 'agent') await kubectl(bench, p, ['delete', 'pods', selectorOf(component)]);
}

function untilRolledOut(bench: Bench, component: Component, p: Provision): Promise<string> {
  return kubectl(bench, p, ['rollout', 'status', workloadOf(component), `--timeout=${ROLLOUT_SECONDS}s`]);
}

function logsOf(bench: Bench, component: Component, p: Provision): Promise<string> {
  return kubectl(bench, p, ['logs', selectorOf(component), `--container=${component}`, '--tail=-1']);
}

function selectorOf(component: Component): string {
  return `--selector=app.kubernetes.io/component=${component}`;
}
