import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { realEffects } from '@backendai-e2e/cli/kind/effects';
import { NAMES } from '@backendai-e2e/cli/kind/names';
import { command } from '@backendai-e2e/cli/machine/command';
import { PROJECT_ROOT, type Provision } from '@backendai-e2e/cli/machine/provision';
import { VERSIONS } from '@backendai-e2e/cli/machine/versions';
import { table } from '@backendai-e2e/cli/terminal/table';
import { readRunFile } from '@backendai-e2e/results/run-file';
import { type Change, type Defect, readDefects } from '../defects/defect-list.ts';
import { Surprise } from '../selftests/expect.ts';
import { ownCommand } from '../selftests/own-command.ts';
import { comment, commitHistory, edit, git, makeCheckout } from './checkout.ts';
import { fileOfModule, madeHistory } from './edits.ts';
import { type Expected, isAnswer, surprisesOf } from './judge.ts';
import { PROOFS, type Proof } from './proofs.ts';
import { makeWheels } from './wheels.ts';

/** Where the made sources lie, relative to the checkout of this project. */
const OUT = 'out/sources';
/** The suite that notices both defects, and the tests of it that a bisection runs. */
const SUITE = 'session-lifecycle-create-session';
const BISECTED_TESTS = 'with invalid credentials';
/** The tests of it that run after each edit. */
const MEASURED_TESTS = 'a new session';
/** Defects that it notices: of suites/defects. */
const IN_WHEELS = 'manager-any-signature';
const IN_CHECKOUT = 'agent-memory-doubled';
/** Commits of the history that is searched, and the number of the one with the defect. */
const COMMITS = 10;
const GUILTY = 7;
/** Seconds for one rollout of the managers. */
const ROLLOUT_SECONDS = 300;
/** A module that only managers import. */
const EDITED = 'ai.backend.manager.server';

/** What a developer chooses of `./tools/dev sources-selftest`. */
export interface SourcesOptions {
  proofs: readonly Proof[];
  /** Edits of the loop that are measured. */
  rounds: number;
}

/**
 * `tools/dev sources-selftest`: makes wheels and a checkout of Backend.AI with a defect, and runs a suite on them. It uses the kept
 * cluster, or creates one that it keeps. Afterwards the cluster has the pinned release again. Returns:
 * - 0 when results name the sources and the suite notices each defect
 * - 1 when not
 * - 2 when it could not be tried
 */
export function sourcesSelftestCommand({ proofs, rounds }: SourcesOptions): Promise<number> {
  return withProvision(async (p) => {
    const effects = realEffects(PROJECT_ROOT);
    await effects.engine(p);
    const bench: Bench = {
      p,
      reuse: await effects.clusterExists(p),
      kubectl: (await effects.tools(p)).kubectl,
    };
    const does: Record<Proof, () => Promise<void>> = {
      wheels: () => proveWheels(bench),
      checkout: () => proveCheckout(bench),
      loop: () => measureLoop(bench, rounds),
      bisect: () => proveBisect(bench),
    };
    try {
      for (const proof of PROOFS.filter((one) => proofs.includes(one))) {
        const from = performance.now();
        p.log(`▸ ${proof}`);
        await does[proof]();
        p.log(`✓ ${proof} (${((performance.now() - from) / 1000).toFixed(1)} s)`);
      }
    } catch (error) {
      if (!(error instanceof Surprise)) throw error;
      console.error(`exit 1 (not as expected): ${error.message}`);
      return COMMAND_EXIT.failed;
    } finally {
      if (bench.reuse) await e2e(p, ['up']);
    }
    console.log(`exit 0 (passed): ${proofs.join(', ')}`);
    return COMMAND_EXIT.passed;
  });
}

/** Calls `./e2e`. Runs on defects stay out of the user's history. */
function e2e(p: Provision, args: readonly string[]): Promise<{ code: number; lines: string[] }> {
  return ownCommand(p, args, { env: { E2E_HISTORY: path.join(PROJECT_ROOT, OUT, 'history') } });
}

interface Bench {
  p: Provision;
  /** Whether the kept cluster exists. */
  reuse: boolean;
  kubectl: string;
  /** First commit of the made checkout, once it is there. */
  commit?: string;
}

function defectNamed(name: string): { defect: Defect; change: Change } {
  const defect = readDefects().find((one) => one.name === name);
  if (defect?.way.by !== 'change') throw new Error(`suites/defects has no change ${name}`);
  return { defect, change: defect.way.change };
}

/** A wheel with one changed line. */
async function proveWheels(bench: Bench): Promise<void> {
  const { defect, change } = defectNamed(IN_WHEELS);
  const folder = path.join(PROJECT_ROOT, OUT, 'wheels');
  await makeWheels(folder, defect.component, change, bench.p);
  await proveOn(bench, folder, { build: { version: VERSIONS.backendAi }, defect });
}

/** A checkout with one commit and one edit that is not committed. */
async function proveCheckout(bench: Bench): Promise<void> {
  const { defect, change } = defectNamed(IN_CHECKOUT);
  const folder = checkoutFolder();
  const commit = await cleanCheckout(bench);
  await edit(folder, change);
  await proveOn(bench, folder, { build: { version: VERSIONS.backendAi, commit, modified: true }, defect });
}

function checkoutFolder(): string {
  return path.join(PROJECT_ROOT, OUT, 'checkout');
}

/** The made checkout at its first commit, without edits. Made once in a call. Returns the hash of the commit. */
async function cleanCheckout(bench: Bench): Promise<string> {
  const folder = checkoutFolder();
  if (bench.commit === undefined) bench.commit = await makeCheckout(folder, bench.p);
  else await git(folder, ['reset', '--quiet', '--hard', bench.commit], bench.p);
  return bench.commit;
}

/** Runs the suite on the sources, and compares what run.json says. */
async function proveOn(bench: Bench, folder: string, expected: Expected): Promise<void> {
  const { code } = await runOn(bench, folder);
  const wanted = expected.defect ? COMMAND_EXIT.failed : COMMAND_EXIT.passed;
  if (code !== wanted) throw new Surprise(`the run on ${folder} ended with ${code} instead of ${wanted}`);
  const file = path.join(PROJECT_ROOT, NAMES.out, 'run.json');
  const surprises = surprisesOf(readRunFile(await readFile(file, 'utf8'), file), expected);
  if (surprises.length > 0) throw new Surprise(`${folder}: ${surprises.join('; ')}`);
}

async function runOn(bench: Bench, folder: string, grep?: string): Promise<{ code: number }> {
  const where = bench.reuse ? '--reuse' : '--keep';
  const tests = ['--suites', SUITE, ...(grep === undefined ? [] : ['--grep', grep])];
  const ended = await e2e(bench.p, ['kind', where, '--backend-ai', folder, ...tests]);
  bench.reuse = true;
  return ended;
}

/** Measures the time from an edit of the manager to the first test, and a bare restart of the managers. */
async function measureLoop(bench: Bench, rounds: number): Promise<void> {
  const folder = checkoutFolder();
  await cleanCheckout(bench);
  // The first run brings the packages of this checkout into the cluster.
  await runOn(bench, folder, MEASURED_TESTS);
  const rows: { round: number; firstTest: number; floor: number }[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await comment(folder, fileOfModule(EDITED), `Edit ${round}`);
    const { code } = await runOn(bench, folder, MEASURED_TESTS);
    if (code !== COMMAND_EXIT.passed) throw new Surprise(`the run after edit ${round} ended with ${code}`);
    const text = await readFile(path.join(PROJECT_ROOT, NAMES.out, 'phases.json'), 'utf8');
    const { firstTestSeconds = Number.NaN }: { firstTestSeconds?: number } = JSON.parse(text);
    rows.push({ round, firstTest: firstTestSeconds, floor: await secondsOfRestart(bench) });
  }
  const shown = rows.map(({ round, firstTest, floor }) => [
    String(round),
    firstTest.toFixed(1),
    floor.toFixed(1),
    (firstTest / floor).toFixed(2),
  ]);
  for (const line of table(['edit', 'first test, s', 'bare restart, s', 'ratio'], shown)) console.log(line);
  await mkdir(path.join(PROJECT_ROOT, OUT), { recursive: true });
  await writeFile(path.join(PROJECT_ROOT, OUT, 'loop.json'), `${JSON.stringify(rows, undefined, 2)}\n`);
}

/** Seconds of `kubectl rollout restart` of the managers until all are ready. */
async function secondsOfRestart({ p, kubectl }: Bench): Promise<number> {
  const kubeconfig = path.join(PROJECT_ROOT, NAMES.out, 'kubeconfig');
  const at = ['--kubeconfig', kubeconfig, '--namespace', NAMES.environmentNamespace, 'rollout'];
  const from = performance.now();
  await command(p, kubectl, [...at, 'restart', 'deployment/manager']);
  await command(p, kubectl, [...at, 'status', 'deployment/manager', `--timeout=${ROLLOUT_SECONDS}s`], {
    timeoutSeconds: ROLLOUT_SECONDS + 10,
  });
  return (performance.now() - from) / 1000;
}

/** A search among ten commits, one of which plants a defect. */
async function proveBisect(bench: Bench): Promise<void> {
  const { p } = bench;
  const { defect, change } = defectNamed(IN_WHEELS);
  const folder = checkoutFolder();
  await cleanCheckout(bench);
  const hashes = await commitHistory(folder, madeHistory(COMMITS, GUILTY, change), p);
  const hash = hashes[GUILTY - 1] ?? '';
  p.log(await git(folder, ['log', '--oneline'], p));
  const ends = ['--good', VERSIONS.backendAi, '--bad', folder, '--suites', SUITE, '--grep', BISECTED_TESTS];
  const { code, lines } = await e2e(p, ['bisect', ...ends, '--again', ...(bench.reuse ? ['--reuse'] : [])]);
  if (code !== COMMAND_EXIT.passed)
    throw new Surprise(`bisect ended with ${code} instead of ${COMMAND_EXIT.passed}`);
  if (isAnswer(lines, { hash, component: defect.component })) return;
  throw new Surprise(
    `bisect did not find ${hash.slice(0, 12)} of ${defect.component}: ${lines.at(-1) ?? ''}`,
  );
}
