import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { totalOf } from './count.ts';
import type { PartResult } from './test.ts';

const counts = { total: 3, passed: 2, failed: 1, pending: 0, interrupted: 0 };
const good = run([suite('a', 'Passed', { counts: { ...counts, total: 2, failed: 0 } })]);
const bad = run([suite('a', 'Failed', { counts }), suite('b', 'Interrupted')]);
const part = (passed: number, failed: number) =>
  ({ tally: { passed, failed, pending: 0, failures: [] } }) as Pick<PartResult, 'tally'> as PartResult;

describe('the last line of CI', () => {
  it("adds up the project's tests and those of every job", () => {
    expect(totalOf([part(10, 0), part(5, 1)], [good, bad])).to.deep.equal({ passed: 19, failed: 3 });
  });
  it('counts a failure for each stage without a result, whatever the others did', () => {
    expect(totalOf(undefined, [good])).to.deep.equal({ passed: 2, failed: 1 });
    expect(totalOf([part(1, 0)], [good, undefined])).to.deep.equal({ passed: 3, failed: 1 });
    expect(totalOf([part(1, 0)], [undefined, good])).to.deep.equal({ passed: 3, failed: 1 });
    expect(totalOf([part(1, 0)], [run([]), good])).to.deep.equal({ passed: 3, failed: 1 });
  });
});
