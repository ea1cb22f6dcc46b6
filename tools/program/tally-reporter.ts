import { writeFileSync } from 'node:fs';
import type { Counts } from '@backendai-e2e/api/verdict';
import { fullTitle } from '@backendai-e2e/results/titles';
import Mocha from 'mocha';

/** The result of one part of `make test`. */
export interface Tally extends Pick<Counts, 'passed' | 'failed' | 'pending'> {
  /** Full titles of the failed tests. */
  failures: string[];
}

const { EVENT_RUN_END, EVENT_TEST_FAIL } = Mocha.Runner.constants;

/** Mocha's spec reporter, which also writes its numbers as JSON to the file that E2E_TALLY names. */
export default class TallyReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const failures: string[] = [];
    runner.on(EVENT_TEST_FAIL, (test: Mocha.Test) => failures.push(fullTitle(test.titlePath())));
    runner.on(EVENT_RUN_END, () => {
      const file = process.env.E2E_TALLY;
      if (!file) return;
      const { passes, failures: failed, pending } = this.stats;
      const tally: Tally = { passed: passes, failed, pending, failures };
      writeFileSync(file, JSON.stringify(tally));
    });
  }
}
