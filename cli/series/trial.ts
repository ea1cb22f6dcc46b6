import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { firstLine, type TestRecord } from '@backendai-e2e/results/test-record';
import type { JobEnd } from './job-end.ts';
import { type Sight, sightOf } from './sight.ts';

/** The tests of a trial by suite. */
export type TestsBySuite = ReadonlyMap<string, readonly TestRecord[]>;

/** One job on one Backend.AI of a series. */
export interface Trial {
  /** Tests that left a record, by suite. Empty where Backend.AI did not deploy. */
  tests: TestsBySuite;
  /** Why no test ran; undefined where one did. */
  why?: string;
  /** The job was interrupted: nothing follows from it. */
  interrupted: boolean;
  /** The Backend.AI that the tests met, as the reports name it. */
  met: string;
}

/** What a job means for a series. Pure. */
export function trialOf({ ending, run }: Pick<JobEnd, 'ending' | 'run'>): Trial {
  const tests = new Map((run?.suites ?? []).map((suite) => [suite.name, suite.tests]));
  const count = [...tests.values()].reduce((sum, some) => sum + some.length, 0);
  const skipped = (run?.suites ?? []).find(({ message }) => message !== undefined && message !== '');
  const why = skipped && ending.code !== COMMAND_EXIT.couldNotRun ? skipped.message : ending.sentence;
  return {
    tests,
    ...(count === 0 ? { why: firstLine(why) } : {}),
    interrupted: ending.code === COMMAND_EXIT.interrupted,
    met: run?.backendAi.join(', ') ?? '',
  };
}

/** What all tests of a trial say together. Pure. */
export function sightOfTrial({ tests, why }: Trial): Sight {
  return why === undefined ? sightOf([...tests.values()].flat()) : { color: 'unknown', said: why };
}
