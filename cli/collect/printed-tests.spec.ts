import { LABELS } from '@backendai-e2e/api/group';
import { output, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { componentLog } from './log-fixtures.ts';
import { printedTests } from './printed-tests.ts';

const JOB = 'batch.kubernetes.io/job-name';

describe('the tests that pods printed', () => {
  it('belong to the report that has the name of their Job', () => {
    const labels = { [LABELS.run]: 'run', [LABELS.attempt]: '1', [JOB]: 'run-s-1' };
    const found = printedTests([componentLog('suite', [output([test('a')])], { labels })], 'run', []);
    expect([...found.keys()]).to.deep.equal(['run-s-1']);
    expect(found.get('run-s-1')?.[0]).to.include({ file: 'area/one', title: 'a', state: 'passed' });
  });

  it('leave out other runs, earlier instances of a container, and pods that printed nothing', () => {
    const of = (run: string, job: string) => ({ [LABELS.run]: run, [LABELS.attempt]: '1', [JOB]: job });
    const logs = [
      componentLog('suite', ['x'], { labels: of('other', 'other-s-1') }),
      componentLog('suite', ['x'], { labels: of('run', 'run-a-1'), previous: true }),
      componentLog('suite', [], { labels: of('run', 'run-b-1') }),
      componentLog('manager', ['x']),
      // It undoes what an attempt left changed.
      componentLog('suite', ['x'], { labels: { [LABELS.run]: 'run', [JOB]: 'run-c-1-undo' } }),
    ];
    expect([...printedTests(logs, 'run', []).keys()]).to.deep.equal([]);
  });
});
