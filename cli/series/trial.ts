import type { Ending } from '@backendai-e2e/api/run-outcome';
import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import type { Verdict } from '@backendai-e2e/api/verdict';
import { firstLine, type TestRecord } from '@backendai-e2e/results/test-record';
import type { JobEnd } from './job-end.ts';
import { type Sight, sightOf } from './sight.ts';

/** The tests of a trial by suite. */
export type TestsBySuite = ReadonlyMap<string, readonly TestRecord[]>;

/** One job on one Backend.AI of a series. */
export interface Trial {
  /** Exit code of the job. After an interruption, nothing follows from it. */
  code: Ending['code'];
  /** Tests that left a record, by suite. Empty where Backend.AI did not deploy. */
  tests: TestsBySuite;
  /** Verdict of each suite of the run. */
  verdicts: ReadonlyMap<string, Verdict>;
  /** Why no test ran; undefined where one did. */
  why?: string;
  /** The Backend.AI that the tests met, as the reports name it. */
  met: string;
}

/** What a job means for a series. Pure. */
export function trialOf({ ending, run }: Pick<JobEnd, 'ending' | 'run'>): Trial {
  const suites = run?.suites ?? [];
  const count = suites.reduce((sum, suite) => sum + suite.tests.length, 0);
  const skipped = suites.find(({ message }) => message !== undefined && message !== '');
  const why = skipped && ending.code !== COMMAND_EXIT.couldNotRun ? skipped.message : ending.sentence;
  return {
    code: ending.code,
    tests: new Map(suites.map(({ name, tests }) => [name, tests])),
    verdicts: new Map(suites.flatMap(({ name, verdict }) => (verdict ? [[name, verdict] as const] : []))),
    ...(count === 0 ? { why: firstLine(why) } : {}),
    met: run?.backendAi.join(', ') ?? '',
  };
}

/** Whether the job was interrupted: a series ends there. */
export function isInterrupted({ code }: Pick<Trial, 'code'>): boolean {
  return code === COMMAND_EXIT.interrupted;
}

/** What all tests of a trial say together. Pure. */
export function sightOfTrial({ tests, why }: Pick<Trial, 'tests' | 'why'>): Sight {
  return why === undefined ? sightOf([...tests.values()].flat()) : { color: 'unknown', said: why };
}
