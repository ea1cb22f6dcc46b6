import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { ensureTool, type ToolName } from '@backendai-e2e/cli/machine/tools';
import { table } from '@backendai-e2e/cli/terminal/table';
import { execa } from 'execa';
import { SETTINGS_PAGE, settingsPage } from './settings-page.ts';
import type { Tally } from './tally-reporter.ts';

/** One part of `make test`: a program that checks something, or a set of Mocha files. */
interface Part {
  name: string;
  /** Arguments of Node. */
  command: string[];
  /** Mocha files; the part counts their tests. Without it the part counts as one check. */
  files?: string[];
  /** Tools that its tests call, by the environment variable that names each. */
  tools?: Record<string, ToolName>;
}

export interface PartResult {
  name: string;
  tally: Tally;
  seconds: number;
}

const OUT = path.join(PROJECT_ROOT, 'out/test');
const BIN = 'node_modules/.bin';
/** Results of the spelling check for unchanged files. */
const SPELLED = 'node_modules/.cache/cspell';
/** Time for one part. The longest, the API server's tests, takes a few minutes. */
const PART_TIMEOUT_MS = 20 * 60_000;

const PARTS: readonly Part[] = [
  { name: 'format and lint', command: [`${BIN}/biome`, 'check', '.'] },
  { name: 'types', command: [`${BIN}/tsc`, '--noEmit'] },
  {
    name: 'spelling',
    command: [`${BIN}/cspell`, '--no-progress', '--no-summary', '--cache', '--cache-location', SPELLED],
  },
  { name: 'Markdown', command: [`${BIN}/markdownlint-cli2`] },
  { name: 'unused code', command: [`${BIN}/knip`, '--no-progress', '--no-config-hints'] },
  { name: 'words', command: [process.execPath, 'tools/docs-check/words-command.ts'] },
  {
    name: 'unit and charts',
    command: mocha(),
    files: ['{packages,operator,suites,cli,tools}/**/*.spec.ts'],
    tools: { E2E_HELM: 'helm' },
  },
  {
    name: 'operator and charts against a real API server',
    // Each worker starts one control plane for its files, which mostly wait.
    command: [...mocha(), '--parallel', '--jobs', '2'],
    files: ['{packages,operator,cli,tools}/**/*.integration.ts'],
    tools: {
      E2E_KUBE_APISERVER: 'kube-apiserver',
      E2E_KUBE_CONTROLLER_MANAGER: 'kube-controller-manager',
      E2E_ETCD: 'etcd',
      E2E_VERSITYGW: 'versitygw',
      E2E_KUBECTL: 'kubectl',
      E2E_HELM: 'helm',
    },
  },
];

/** Parts by the short names that --part takes. */
const SHORT: Record<string, readonly number[]> = { lint: [0, 1, 2, 3, 4, 5], unit: [6], integration: [7] };

/**
 * `tools/dev test`: runs all parts in order, even after a failure, then prints one table. Writes out/test/tally.json.
 * Returns 0 when nothing failed, 1 when a test or check failed, 2 when a tool is not available.
 */
export function testCommand(part?: string): Promise<number> {
  const chosen = part === undefined ? PARTS.map((_, index) => index) : SHORT[part];
  if (!chosen) {
    console.error(`there is no part "${part}"; these exist: ${Object.keys(SHORT).join(', ')}`);
    return Promise.resolve(COMMAND_EXIT.couldNotRun);
  }
  return withProvision(async (p) => {
    await rm(OUT, { recursive: true, force: true });
    await mkdir(OUT, { recursive: true });
    const results: PartResult[] = [];
    for (const index of chosen) {
      const each = PARTS[index];
      if (each) results.push(await runPart(each, index, p));
    }
    await writeFile(path.join(OUT, 'tally.json'), `${JSON.stringify(results, null, 2)}\n`);
    console.log(`\n${testSummary(results).join('\n')}`);
    return results.some((result) => result.tally.failed > 0) ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
  });
}

/** `tools/dev fmt` */
export function formatCommand(): Promise<number> {
  return withProvision(async (p) => runNode([`${BIN}/biome`, 'check', '--write', '.'], p));
}

/** `tools/dev crds` */
export function crdsCommand(): Promise<number> {
  return withProvision(async (p) => {
    const code = await runNode([process.execPath, 'tools/crds/files.ts'], p);
    // The generator writes JSON as JSON.stringify does, and the linter checks Biome's format.
    return (
      code || runNode([`${BIN}/biome`, 'format', '--write', 'charts/e2e-operator/values.schema.json'], p)
    );
  });
}

/** `tools/dev docs`: writes the pages in docs/reference. */
export function docsCommand(): Promise<number> {
  return withProvision(async (p) => {
    await writeFile(SETTINGS_PAGE, settingsPage());
    return runNode([process.execPath, 'tools/charts/values-doc.ts'], p);
  });
}

/** The table of parts and the titles of what failed; the last line has the sums. */
export function testSummary(results: readonly PartResult[]): string[] {
  const rows = results.map(({ name, tally, seconds }) => [
    name,
    String(tally.passed),
    String(tally.failed),
    String(tally.pending),
    seconds.toFixed(1),
  ]);
  const sum = (key: 'passed' | 'failed'): number =>
    results.reduce((total, result) => total + result.tally[key], 0);
  return [
    ...table(['part', 'passed', 'failed', 'skipped', 'seconds'], rows),
    ...results.flatMap(({ name, tally }) => tally.failures.map((title) => `✘ ${name}: ${title}`)),
    `make test: ${sum('passed')} passed, ${sum('failed')} failed`,
  ];
}

function mocha(): string[] {
  return [`${BIN}/mocha`, '--reporter', path.join(PROJECT_ROOT, 'tools/program/tally-reporter.ts')];
}

async function runPart(part: Part, index: number, p: Provision): Promise<PartResult> {
  console.log(`\n── ${part.name}`);
  const env: Record<string, string> = {};
  for (const [variable, tool] of Object.entries(part.tools ?? {})) env[variable] = await ensureTool(tool, p);
  const tallyFile = path.join(OUT, `part-${index}.json`);
  const began = performance.now();
  const code = await runNode([...part.command, ...(part.files ?? [])], p, { ...env, E2E_TALLY: tallyFile });
  const seconds = (performance.now() - began) / 1000;
  const tally = part.files ? await readTally(tallyFile) : undefined;
  return { name: part.name, tally: judged(part.name, code, tally), seconds };
}

/** A program that failed without a failed test to show for it counts as one failure. */
export function judged(name: string, code: number, tally: Tally | undefined): Tally {
  if (!tally) {
    return code === 0
      ? { passed: 1, failed: 0, pending: 0, failures: [] }
      : { passed: 0, failed: 1, pending: 0, failures: [`${name} ended with exit code ${code}`] };
  }
  if (tally.failed === 0 && (code !== 0 || tally.passed === 0)) {
    const why = code === 0 ? 'ran no test' : `ended with exit code ${code}`;
    return { ...tally, failed: 1, failures: [`${name} ${why}`] };
  }
  return tally;
}

async function readTally(file: string): Promise<Tally | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  // Mocha ended before its run did, for example on a syntax error; its exit code says so.
  return text === undefined ? undefined : (JSON.parse(text) as Tally);
}

async function runNode(args: string[], p: Provision, env: Record<string, string> = {}): Promise<number> {
  const { exitCode, failed, shortMessage } = await execa(args[0] ?? '', args.slice(1), {
    cwd: PROJECT_ROOT,
    env,
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
    timeout: PART_TIMEOUT_MS,
    cancelSignal: p.signal,
    // The specs run on the same Node.js as this command.
    preferLocal: true,
    localDir: PROJECT_ROOT,
  });
  p.signal.throwIfAborted();
  // The program did not start, or a signal ended it: its reason is not printed yet.
  if (failed && exitCode === undefined) console.error(shortMessage);
  return exitCode ?? COMMAND_EXIT.couldNotRun;
}
