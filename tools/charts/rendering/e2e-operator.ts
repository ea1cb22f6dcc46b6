import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import { helmPath } from '../../envtest/processes/pinned-tools.ts';

/** Folder of the chart of the operator, from the root of the checkout. */
export const CHART = 'charts/e2e-operator';
/** Options that give it the images for which it has no defaults. */
export const IMAGES = ['--set', 'image=operator:1,suitesImage=suites:1'];

/** A rule of a Role or ClusterRole. */
export interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** What the tests read of a rendered object. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
  rules?: Rule[];
}

/** What they read of a NetworkPolicy. */
export interface NetworkPolicySpec {
  podSelector: object;
  policyTypes: string[];
  ingress?: object[];
  egress: { to?: object[]; ports?: object[] }[];
}

/** The objects that a chart makes as release "e2e" in namespace "ns" with these further options of helm. */
export async function template(chart: string, ...args: string[]): Promise<Manifest[]> {
  const { stdout } = await execa(helmPath(), ['template', 'e2e', chart, '--namespace', 'ns', ...args]);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}
