import { globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { readCatalog } from '@backendai-e2e/cli/catalog/catalog';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { ensureTool } from '@backendai-e2e/cli/machine/tools';
import { table } from '@backendai-e2e/cli/terminal/table';
import { execa } from 'execa';
import { writeBacktestPage } from '../backtest/command.ts';
import { CAUSES_PAGE, causesPage, rankedCauses } from '../defects/causes-page.ts';
import { readDefects } from '../defects/defect-list.ts';
import { DEFECTS_PAGE, defectsPage } from '../defects/defects-page.ts';
import { readFailures } from '../defects/failures.ts';
import { readRecord } from '../defects/record.ts';
import { keepChecks, restoreChecks } from './kept-checks.ts';
import { SETTINGS_PAGE, settingsPage } from './settings-page.ts';
import { endOnSilence } from './silence.ts';
import type { Tally } from './tally-reporter.ts';
import {
  BIN,
  isPartName,
  KNOWN_TO_CHECKS,
  PARTS,
  type Part,
  type PartName,
  SIDE_BY_SIDE,
} from './test-parts.ts';

/** What one part of `make test` found. out/test/tally.json is a list of them. */
export interface PartResult {
  name: string;
  tally: Tally;
  seconds: number;
}

const OUT = path.join(PROJECT_ROOT, 'out/test');
/**
 * Milliseconds without output after which a part is ended. Mocha prints a file's tests when the file ends: the longest takes
 * two minutes on an idle machine.
 */
const SILENCE_MS = 20 * 60_000;

/** Compiled sources, so that the many processes of the tests start faster. */
const COMPILED = path.join(PROJECT_ROOT, 'node_modules/.cache/compiled');

/**
 * The tests' Go programs collect garbage less often, as far as their memory allows. Measured: the check of types takes
 * 9.8 CPU seconds instead of 15.2. The start of an API server takes 2.1 instead of 2.6.
 */
const GO_MEMORY = { GOGC: '400', GOMEMLIMIT: '2GiB' };

/**
 * `tools/dev test`: runs all parts, even after a failure, then prints one table. Two groups of parts run side by side: the
 * tests against an API server mostly wait. Writes out/test/tally.json.
 * Returns 0 when nothing failed, 1 when a test or check failed, 2 when a tool is not available.
 * @param lateMs most milliseconds that an answer of the API server to an operator is late
 */
export function testCommand(name?: string, lateMs = '0'): Promise<number> {
  if (!/^\d{1,4}$/.test(lateMs)) {
    console.error(`--late-ms is "${lateMs}": write whole milliseconds, for example 250`);
    return Promise.resolve(COMMAND_EXIT.couldNotRun);
  }
  // Read by tools/envtest/operator/late-api.ts.
  process.env.E2E_LATE_MS = lateMs;
  if (name !== undefined && !isPartName(name)) {
    console.error(`there is no part "${name}"; these exist: ${Object.keys(PARTS).join(', ')}`);
    return Promise.resolve(COMMAND_EXIT.couldNotRun);
  }
  return withProvision(async (p) => {
    await rm(OUT, { recursive: true, force: true });
    await mkdir(OUT, { recursive: true });
    const known = path.join(PROJECT_ROOT, KNOWN_TO_CHECKS);
    await restoreChecks(known, p.cacheDir);
    const groups = name === undefined ? SIDE_BY_SIDE : [[name]];
    // The last group prints as it goes, the others part by part.
    const running = groups.map((group, index) => runGroup(group, index === groups.length - 1, p));
    // One that cannot go on (a tool is missing) does not leave the other running behind it.
    const results: PartResult[] = [];
    for (const ended of await Promise.allSettled(running)) {
      if (ended.status === 'rejected') throw ended.reason;
      results.push(...ended.value);
    }
    await writeFile(path.join(OUT, 'tally.json'), `${JSON.stringify(results, null, 2)}\n`);
    console.log(`\n${testSummary(results).join('\n')}`);
    if (results.some((result) => result.tally.failed > 0)) return COMMAND_EXIT.failed;
    await keepChecks(known, p.cacheDir);
    return COMMAND_EXIT.passed;
  });
}

async function runGroup(group: readonly PartName[], live: boolean, p: Provision): Promise<PartResult[]> {
  const results: PartResult[] = [];
  for (const part of group.flatMap((name): readonly Part[] => PARTS[name])) {
    results.push(await runPart(part, live, p));
  }
  return results;
}

/** `tools/dev fmt` */
export function formatCommand(): Promise<number> {
  return withProvision(async (p) => (await runNode([`${BIN}/biome`, 'check', '--write', '.'], p)).code);
}

/** `tools/dev crds` */
export function crdsCommand(): Promise<number> {
  return withProvision(async (p) => {
    const { code } = await runNode([process.execPath, 'tools/crds/files.ts'], p);
    if (code !== COMMAND_EXIT.passed) return code;
    // The generator writes JSON as JSON.stringify does, and the linter checks Biome's format.
    const values = 'charts/e2e-operator/values.schema.json';
    return (await runNode([`${BIN}/biome`, 'format', '--write', values], p)).code;
  });
}

/** `tools/dev docs`: writes the pages in docs/reference, of planted defects and their first causes, and of the backtest. */
export function docsCommand(): Promise<number> {
  return withProvision(async (p) => {
    await writeFile(SETTINGS_PAGE, settingsPage());
    await writeFile(path.join(PROJECT_ROOT, DEFECTS_PAGE), defectsPage(readDefects(), await readRecord()));
    const catalog = await readCatalog(PROJECT_ROOT);
    const ranked = rankedCauses(readDefects(), await readFailures(), catalog);
    await writeFile(path.join(PROJECT_ROOT, CAUSES_PAGE), causesPage(ranked));
    await writeBacktestPage();
    return (await runNode([process.execPath, 'tools/charts/reference/values-doc.ts'], p)).code;
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

async function runPart(part: Part, live: boolean, p: Provision): Promise<PartResult> {
  const heading = `\n── ${part.name}\n`;
  if (live) process.stdout.write(heading);
  const tallyFile = path.join(OUT, `${part.name.replaceAll(/\W+/g, '-')}.json`);
  const env: Record<string, string> = { E2E_TALLY: tallyFile, NODE_COMPILE_CACHE: COMPILED, ...GO_MEMORY };
  for (const [variable, tool] of Object.entries(part.tools ?? {})) env[variable] = await ensureTool(tool, p);
  const files = part.files ? globSync(part.files, { cwd: PROJECT_ROOT, exclude: ['**/node_modules'] }) : [];
  const began = performance.now();
  // Mocha prints to a pipe.
  const colors = part.files && live && process.stdout.isTTY ? ['--color'] : [];
  const command = [...part.command, ...colors, ...longestFirst(files, part.longest ?? [])];
  const { code, output } = await runNode(command, p, { env, live });
  const seconds = (performance.now() - began) / 1000;
  if (!live) process.stdout.write(`${heading}${output}\n`);
  const tally = part.files ? await readTally(tallyFile) : undefined;
  return { name: part.name, tally: judged(part.name, code, tally), seconds };
}

/** The files in the order of their names, those that take longest first. */
export function longestFirst(files: readonly string[], longest: readonly string[]): string[] {
  const rest = files.filter((file) => !longest.includes(file)).sort();
  return [...longest.filter((file) => files.includes(file)), ...rest];
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

/** Runs a program on this Node.js; its output is printed at once when it is live, else returned. */
async function runNode(
  args: string[],
  p: Provision,
  { env = {}, live = true }: { env?: Record<string, string>; live?: boolean } = {},
): Promise<{ code: number; output: string }> {
  const silent = new AbortController();
  const running = execa(args[0] ?? '', args.slice(1), {
    cwd: PROJECT_ROOT,
    env,
    stdin: 'ignore',
    stdout: live ? ['pipe', 'inherit'] : 'pipe',
    stderr: live ? ['pipe', 'inherit'] : 'pipe',
    all: true,
    reject: false,
    cancelSignal: AbortSignal.any([p.signal, silent.signal]),
    // The specs run on the same Node.js as this command.
    preferLocal: true,
    localDir: PROJECT_ROOT,
  });
  const stop = endOnSilence(running.all, SILENCE_MS, () => {
    console.error(
      `${args.slice(0, 2).join(' ')} printed nothing for ${SILENCE_MS / 60_000} minutes: it is ended`,
    );
    silent.abort();
  });
  const { exitCode, failed, shortMessage, all } = await running.finally(stop);
  p.signal.throwIfAborted();
  // The program did not start, or a signal ended it: its reason is not printed yet.
  if (failed && exitCode === undefined) console.error(shortMessage);
  return { code: exitCode ?? COMMAND_EXIT.couldNotRun, output: String(all ?? '') };
}
