import { countTests } from '../outcome.ts';
import { plainLine } from '../plain-text.ts';
import { closingLines, leftOutLines, testLine } from '../printed-output.ts';
import type { Reporter, Write } from './reporter.ts';

/**
 * The output of a suite's pod (its grammar: printed-output.ts). Tests come as they end, with each file's name before its first
 * test. Errors, numbers and verdict follow.
 */
export function specReporter(write: Write): Reporter {
  let file: string | undefined;
  const print = (line: string): void => write(`${plainLine(line)}\n`);
  return {
    testEnded(test) {
      if (test.file !== file) print(test.file);
      file = test.file;
      print(testLine(test));
      for (const line of leftOutLines(test)) print(line);
    },
    suiteEnded({ tests, counts, verdict = 'Interrupted', reason, message }) {
      const outcome = { verdict, ...(reason ? { reason } : {}), ...(message ? { message } : {}) };
      for (const line of closingLines(tests, counts ?? countTests(tests, tests.length, 0), outcome))
        print(line);
    },
  };
}
