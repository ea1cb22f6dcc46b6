import { type Sight, sightOf } from '@backendai-e2e/cli/series/sight';
import type { Trial } from '@backendai-e2e/cli/series/trial';
import { firstLine, type TestRecord } from '@backendai-e2e/results/test-record';
import { titleMatches } from '@backendai-e2e/results/titles';
import type { Comparison } from './plan.ts';
import { type Pair, pairInWords, type Repair, type Witness } from './repairs.ts';

/**
 * - caught: red on the release with the fault, green on the one with the repair.
 * - missed: green on both, or no test.
 */
export type State = 'caught' | 'missed' | 'not comparable';

/** What became of one repair. */
export interface Outcome {
  id: string;
  state: State;
  /** The releases that were compared; absent where there is no test. */
  pair?: string;
  /** Why the two releases are not comparable, in words of this project. */
  reason?: string;
  /** What the test or the job said. */
  said: string;
}

/** Trials by release. */
export type Trials = ReadonlyMap<string, Trial>;

/** Judges a repair by the trials of both its releases. Pure. */
export function judge({ repair, pair }: Comparison, trials: Trials): Outcome {
  const { id, witness } = repair;
  if (!('suite' in witness)) return withoutTest(repair);
  const before = sightOn(pair.before, witness, trials);
  const after = sightOn(pair.with, witness, trials);
  const of = (state: State, said: string, reason?: string): Outcome => ({
    ...{ id, state, pair: pairInWords(pair), said },
    ...(reason === undefined ? {} : { reason }),
  });
  const open = [before, after].find(({ color }) => color === 'unknown');
  if (open) return of('not comparable', open.said, open.reason);
  if (after.color === 'red') {
    const where = before.color === 'red' ? 'red on both' : `red on ${pair.with} only`;
    return of('not comparable', after.said, where);
  }
  if (before.color === 'red') return of('caught', before.said);
  if (isCertain(repair, pair)) return of('missed', before.said);
  return of('not comparable', before.said, `green on both, and ${pair.before} may not have the fault yet`);
}

/** The outcome of a repair that no test looks at. */
function withoutTest({ id, witness }: Repair): Outcome {
  return { id, state: 'missed', said: 'missing' in witness ? witness.missing : '' };
}

/** What the test says on a release; for "unknown" also the reason in words of this project. */
function sightOn(release: string, witness: Witness, trials: Trials): Sight & { reason?: string } {
  const unknown = (said: string, reason: string) => ({ color: 'unknown', said, reason }) as const;
  const trial = trials.get(release);
  if (!trial) return unknown('', `${release} was not deployed`);
  if (trial.why !== undefined) return unknown(trial.why, `no test ran on ${release}`);
  const tests = trial.tests.get(witness.suite) ?? [];
  const own = tests.filter(({ title }) => titleMatches(title, witness.test));
  // A hook that failed keeps the test from running, and says why.
  const hook = own.length === 0 ? tests.find(({ state }) => state === 'failed') : undefined;
  if (hook) return unknown(messageOf(hook), `the test could not begin on ${release}`);
  const sight = sightOf(own);
  if (sight.color === 'unknown') return unknown(sight.said, `the test says nothing on ${release}`);
  if (sight.color === 'red' && witness.says && !own.some((test) => isNamed(test, witness.says))) {
    return unknown(sight.said, `red for another reason on ${release}`);
  }
  return sight;
}

function isNamed(test: TestRecord, says: RegExp | undefined): boolean {
  const isRed = test.state === 'failed' || test.state === 'known-issue';
  return isRed && says?.test(messageOf(test)) === true;
}

function messageOf({ title, error }: TestRecord): string {
  return `${title}: ${firstLine(error)}`;
}

/** Whether the first release of the pair certainly has the fault. The list names only the last one that has it. */
function isCertain({ repaired }: Repair, pair: Pair): boolean {
  return repaired.some(({ before }) => before === pair.before);
}
