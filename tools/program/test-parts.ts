import { availableParallelism } from 'node:os';
import type { ToolName } from '@backendai-e2e/cli/machine/tools';

/** One part of `make test`: a program that checks something, or a set of Mocha files. */
export interface Part {
  name: string;
  /** Arguments of Node. */
  command: string[];
  /** Glob pattern of Mocha files; the part counts their tests. Without it the part counts as one check. */
  files?: string;
  /** Those of the files that take longest. They begin first, so that none of them runs alone at the end. */
  longest?: readonly string[];
  /** Tools that its tests call, by the environment variable that names each. */
  tools?: Record<string, ToolName>;
}

export const BIN = 'node_modules/.bin';
/** Folder of what the checks know of unchanged files. */
export const KNOWN_TO_CHECKS = 'node_modules/.cache';
/** What the check of spelling knows of unchanged files, by their content: a fresh clone has new times. */
const SPELLING = ['--cache', '--cache-strategy', 'content', '--cache-location', `${KNOWN_TO_CHECKS}/cspell`];
/** What the check of types knows of unchanged files. Measured: it then takes 2.3 CPU seconds instead of 10 to 18. */
const TYPES = [`${BIN}/tsc`, '--noEmit', '--incremental', '--tsBuildInfoFile'];
const MOCHA = [`${BIN}/mocha`, '--reporter', 'tools/program/tally-reporter.ts'];
/** The specs wait for more than half of their time. Measured: 76 CPU seconds of 213. They wait for programs that they start. */
const SPEC_WORKERS = '2';
/** The files wait for most of their time, on timers and on the control plane of their worker. */
const SERVER_WORKERS = String(availableParallelism() + 2);

/** All parts, by the names that --part takes. */
export const PARTS = {
  lint: [
    { name: 'format and lint', command: [`${BIN}/biome`, 'check', '.'] },
    { name: 'types', command: [...TYPES, `${KNOWN_TO_CHECKS}/types/all.json`] },
    {
      name: 'types in the browser',
      command: [...TYPES, `${KNOWN_TO_CHECKS}/types/browser.json`, '-p', 'packages/page/browser'],
    },
    {
      name: 'spelling',
      command: [`${BIN}/cspell`, '--no-progress', '--no-summary', ...SPELLING],
    },
    { name: 'Markdown', command: [`${BIN}/markdownlint-cli2`] },
    { name: 'unused code', command: [`${BIN}/knip`, '--no-progress', '--no-config-hints'] },
    { name: 'words', command: [process.execPath, 'tools/docs-check/words-command.ts'] },
  ],
  unit: [
    {
      name: 'unit and charts',
      command: [...MOCHA, '--parallel', '--jobs', SPEC_WORKERS],
      files: '{packages,operator,suites,cli,tools}/**/*.spec.ts',
      tools: { E2E_HELM: 'helm' },
    },
  ],
  integration: [
    {
      name: 'operator and charts against a real API server',
      command: [...MOCHA, '--parallel', '--jobs', SERVER_WORKERS],
      files: '{packages,operator,cli,tools}/**/*.integration.ts',
      longest: [
        'operator/runs/kill-points.integration.ts',
        'operator/storms.integration.ts',
        'operator/faults/kill-points.integration.ts',
        'packages/controller/lease-election.integration.ts',
        'operator/replicas.integration.ts',
        'tools/docs-check/guides.integration.ts',
        'cli/commands/commands.integration.ts',
      ],
      tools: {
        E2E_KUBE_APISERVER: 'kube-apiserver',
        E2E_KUBE_CONTROLLER_MANAGER: 'kube-controller-manager',
        E2E_ETCD: 'etcd',
        E2E_VERSITYGW: 'versitygw',
        E2E_KUBECTL: 'kubectl',
        E2E_HELM: 'helm',
      },
    },
  ],
} satisfies Record<string, readonly Part[]>;

export type PartName = keyof typeof PARTS;

/** Groups that run side by side, and within a group one part after another. */
export const SIDE_BY_SIDE: readonly (readonly PartName[])[] = [['lint', 'unit'], ['integration']];

/** Whether `./tools/dev test --part` accepts the word. */
export function isPartName(name: string): name is PartName {
  return Object.hasOwn(PARTS, name);
}
