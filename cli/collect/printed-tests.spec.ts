import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { keyOf } from '@backendai-e2e/api/artifact-key';
import { LABELS } from '@backendai-e2e/api/group';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { output, report, test } from '@backendai-e2e/results/run-fixtures';
import type { ObservedTest } from '@backendai-e2e/results/test-record';
import { expect } from 'chai';
import { componentLog } from './log-fixtures.ts';
import { addArchived, printedTests } from './printed-tests.ts';

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

describe('the tests in archived outputs', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'archived-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const archived = (suite: string, omittedBytes = 0): TestReport => {
    const key = keyOf({ sha256: '0'.repeat(64), omittedBytes, file: 'suite.log.gz' });
    const artifacts = [{ name: 'suite.log', key, bytes: 1, sha256: '0'.repeat(64) }];
    const made = report(suite, [test('a')], { artifacts });
    mkdirSync(path.join(folder, made.metadata.name));
    writeFileSync(path.join(folder, fileOf(made)), gzipSync(output([test('a')])));
    return made;
  };
  const fileOf = ({ metadata }: TestReport): string => path.join(metadata.name, 'suite.log.gz');

  it('are those of a pod that is gone', async () => {
    const printed = new Map<string, ObservedTest[]>();
    const gone = archived('gone');
    await addArchived(printed, folder, [{ file: fileOf(gone) }], [gone]);
    expect(printed.get(gone.metadata.name)?.map(({ title }) => title)).to.deep.equal(['a']);
  });

  it('never replace what a pod printed, and are not read where they were shortened or not fetched', async () => {
    const there = archived('there');
    const short = archived('short', 17);
    const printed = new Map<string, ObservedTest[]>([[there.metadata.name, []]]);
    const files = [there, short].map((one) => ({ file: fileOf(one) }));
    await addArchived(printed, folder, files, [there, short, archived('missing')]);
    expect([...printed]).to.deep.equal([[there.metadata.name, []]]);
  });
});
