import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { OPERATOR_NAMESPACE } from '@backendai-e2e/api/group';
import { execa } from 'execa';
import { parse } from 'yaml';
import { helmPath } from '../processes/pinned-tools.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The namespace in which the tests install the operator. */
export const NAMESPACE = OPERATOR_NAMESPACE;

/** Renders templates of charts/e2e-operator as `helm install` would in the tests' namespace. */
export function renderOperatorChart(...templates: string[]): Promise<string> {
  return renderOperatorChartIn(NAMESPACE, [], ...templates);
}

/** Renders templates of charts/e2e-operator as `helm install` would in a namespace, with further values (a=b). */
export async function renderOperatorChartIn(
  namespace: string,
  more: readonly string[],
  ...templates: string[]
): Promise<string> {
  const shown = templates.flatMap((template) => ['--show-only', `templates/${template}`]);
  const standard = 'image=operator:test,suitesImage=suites:test,artifacts.store=configMap';
  const values = [standard, ...more].flatMap((value) => ['--set', value]);
  const chart = `${ROOT}charts/e2e-operator`;
  const args = ['template', 'e2e-operator', chart, '--namespace', namespace, ...values, ...shown];
  return (await execa(helmPath(), args)).stdout;
}

/** Writes the chart's catalog to a file, as the operator's pod has it; returns its path. */
export async function catalogFile(folder: string): Promise<string> {
  const rendered: { data: Record<string, string> } = parse(await renderOperatorChart('catalog.yaml'));
  const path = `${folder}/suites.yaml`;
  writeFileSync(path, rendered.data['suites.yaml'] ?? '');
  return path;
}
