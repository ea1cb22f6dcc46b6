import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import type { ImageSet } from '../images/build.ts';
import { contentKey, pathParts } from '../images/content-key.ts';
import { command, tryCommand } from '../machine/command.ts';
import type { Provision } from '../machine/provision.ts';
import { NAMES } from './names.ts';

/** Where a job installs the operator from, and into which cluster. */
export interface OperatorPlace {
  /** The checkout. */
  root: string;
  /** Folder for the values. */
  out: string;
  kubeconfig: string;
}

/** Label of helm's Secret of the release: the key of the chart and the values that are installed. */
const CONTENT_LABEL = 'e2e.backend.ai/content';
const INSTALL_SECONDS = 200;

/** The values of charts/e2e-operator. Another Backend.AI does not change them, so that the operator goes on. Pure. */
export function operatorValues({ refs, runtimeImage }: Pick<ImageSet, 'refs' | 'runtimeImage'>) {
  return {
    image: refs.operator,
    suitesImage: refs.suites,
    runtimeImages: { 'backend-ai': runtimeImage },
    faultImage: refs['fault-tools'],
  };
}

/** Installs or upgrades the operator, and waits until it is ready. Does nothing where the same runs. @throws CommandError */
export async function installOperator(
  { root, out, kubeconfig }: OperatorPlace,
  { helm, kubectl }: { helm: string; kubectl: string },
  images: ImageSet,
  p: Provision,
): Promise<void> {
  const chart = path.join(root, NAMES.operatorChart);
  const text = stringify(operatorValues(images));
  const content = contentKey({ ...(await pathParts(chart)), ' values': text });
  const at = ['--kubeconfig', kubeconfig, '--namespace', NAMES.operatorNamespace];
  if (await stands(kubectl, at, content, p)) return;
  const values = path.join(out, 'operator-values.yaml');
  await writeFile(values, text);
  const release = ['upgrade', '--install', NAMES.operatorRelease, chart, '--values', values];
  const wait = ['--create-namespace', '--wait', '--timeout', '180s'];
  await command(p, helm, [...release, ...at, ...wait, '--labels', `${CONTENT_LABEL}=${content}`], {
    timeoutSeconds: INSTALL_SECONDS,
    remedy: `look at the operator's log in ${NAMES.out}/logs/${NAMES.operatorNamespace}`,
  });
}

/** Whether this content is installed and the operator is ready. */
async function stands(
  kubectl: string,
  at: readonly string[],
  content: string,
  p: Provision,
): Promise<boolean> {
  const deployed = `owner=helm,name=${NAMES.operatorRelease},status=deployed,${CONTENT_LABEL}=${content}`;
  const isReady = ['deployment', '--selector', `app.kubernetes.io/instance=${NAMES.operatorRelease}`];
  const [secret, ready] = await Promise.all([
    tryCommand(p, kubectl, [...at, 'get', 'secret', '--selector', deployed, '--output', 'name']),
    tryCommand(p, kubectl, [...at, 'wait', ...isReady, '--for', 'condition=Available', '--timeout', '1s']),
  ]);
  return (secret ?? '').trim() !== '' && ready !== undefined;
}
