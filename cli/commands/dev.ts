import path from 'node:path';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { NO_SOURCES, SOURCES } from '../backend-ai/checkout.ts';
import { readChoice } from '../backend-ai/choice.ts';
import { Saves } from '../backend-ai/saves.ts';
import { clusterState } from '../cluster/kind-cluster.ts';
import { type Effects, realEffects } from '../kind/effects.ts';
import { JOB_TIMEOUT_SECONDS, NAMES } from '../kind/names.ts';
import { PROJECT_ROOT, ProvisionError } from '../machine/provision.ts';
import { endingOfError, lastLine } from '../runs/ending.ts';
import { Interrupted, onInterrupt } from '../terminal/interrupt.ts';
import { type JobParts, type KindChoice, kindJob } from './kind.ts';
import { checkTests } from './kind-trial.ts';
import { provided } from './provided.ts';

/** Names of saved files in a line. */
const NAMED = 3;

/** What a user chooses of `e2e dev`. */
export interface DevChoice extends Pick<KindChoice, 'suites' | 'grep' | 'parallelism'> {
  /** Folder of a checkout of Backend.AI. */
  backendAi: string;
}

/**
 * `e2e dev`: runs the suites at once and after every save in a checkout of Backend.AI, on the kept cluster. A save ends the run that
 * goes on. Returns the exit code of the last run, 2 when nothing could run.
 */
export async function devCommand({ backendAi, ...tests }: DevChoice): Promise<number> {
  try {
    const choice = await provided((p) => readChoice(backendAi, p));
    if (choice.kind !== 'checkout') {
      throw new ProvisionError(
        `--backend-ai (BACKENDAI) is "${backendAi}", and dev watches a checkout of the monorepo.`,
        'Name the root of a checkout, or use make e2e-kind for a release.',
      );
    }
    await checkTests({ ...tests, ...whole });
    const saves = await Saves.of(path.join(choice.folder, SOURCES), { ignored: NO_SOURCES });
    try {
      return await untilStopped(saves, (parts) => oneRun({ ...tests, backendAi }, parts));
    } finally {
      saves.close();
    }
  } catch (error) {
    const ending = endingOfError(error);
    console.error(lastLine(ending));
    return ending.code;
  }
}

const whole = { includeSlow: true, timeoutSeconds: JOB_TIMEOUT_SECONDS };

/**
 * Runs, and again at every save, until Ctrl-C.
 * @param run makes one run, which ends early when its signal is aborted
 * @param print default: to standard output
 */
export async function untilStopped(
  saves: Pick<Saves, 'next'>,
  run: (parts: { superseded: AbortSignal }) => Promise<number>,
  { print = console.log, listen = onInterrupt } = {},
): Promise<number> {
  let code: number = COMMAND_EXIT.interrupted;
  for (;;) {
    const superseded = new AbortController();
    const interruption = listen(() => {});
    const next = saves.next(interruption.work).then((files) => {
      print(`saved: ${filesInWords(files)}`);
      superseded.abort(new Interrupted('a file was saved'));
    });
    // The run may end before anything awaits it.
    next.catch(() => {});
    try {
      const ended = await run({ superseded: superseded.signal });
      if (interruption.work.aborted) return COMMAND_EXIT.interrupted;
      if (!superseded.signal.aborted) {
        code = ended;
        print('e2e dev waits for the next save; Ctrl-C ends it, and leaves the cluster');
      }
      await next;
    } catch (error) {
      if (interruption.work.aborted) return code;
      throw error;
    } finally {
      interruption.dispose();
    }
  }
}

/** What the machine has does not change from save to save. */
let checked: Effects | undefined;

async function oneRun(
  tests: Pick<KindChoice, 'suites' | 'grep' | 'parallelism' | 'backendAi'>,
  parts: JobParts,
): Promise<number> {
  const isThere = (await provided((p) => clusterState(NAMES.cluster, p))) !== 'absent';
  checked ??= checkedOnce(realEffects(PROJECT_ROOT));
  const once = { environments: 1, killOperator: false, dryRun: false, keep: true, reuse: isThere };
  // Half a new cluster would be removed.
  const how = isThere ? { ...parts, effects: checked } : { effects: checked };
  const { ending } = await kindJob({ ...whole, ...tests, ...once }, how);
  return ending.code;
}

/** Effects that look at the machine, its tools and its engine once. A failure is no answer: they look again. */
export function checkedOnce(effects: Effects): Effects {
  const once = <A extends unknown[], T>(look: (...args: A) => Promise<T>) => {
    let known: Promise<T> | undefined;
    return (...args: A): Promise<T> => {
      known ??= look(...args).catch((error: unknown) => {
        known = undefined;
        throw error;
      });
      return known;
    };
  };
  return {
    ...effects,
    inspect: once(effects.inspect),
    tools: once(effects.tools),
    engine: once(effects.engine),
  };
}

/** "manager/a.py, manager/b.py and 3 more". */
export function filesInWords(files: readonly string[]): string {
  const more = files.length - NAMED;
  const named = files.slice(0, NAMED).join(', ');
  return more > 0 ? `${named} and ${more} more` : named;
}
