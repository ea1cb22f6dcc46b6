import type { RunFile } from '@backendai-e2e/results/run-file';
import { expect } from 'chai';
import { ONE_DEFECT } from '../defects/defect-fixtures.ts';
import { parseDefects } from '../defects/defect-list.ts';
import { isAnswer, surprisesOf } from './judge.ts';

const COMMIT = 'a'.repeat(40);
const build = { version: '26.9.6', commit: COMMIT, modified: true };
const [defect] = parseDefects(ONE_DEFECT);
if (!defect) throw new Error('the list has no defect');

const NAMES = ['manager', 'agent', 'storage-proxy', 'webserver', 'appproxy-coordinator', 'appproxy-worker'];

/** A run.json of one suite whose test failed with this title. */
function file(
  title: string,
  changes: { agent?: object; manager?: object; backendAi?: string } = {},
): RunFile {
  const component = { workload: 'x', ready: 1, desired: 1, restarts: 0 };
  const components = NAMES.map((name) => ({
    ...component,
    name,
    ...((name === 'agent' && changes.agent) || (name === 'manager' && changes.manager) || build),
  }));
  const content = {
    run: {
      metadata: { name: 'r' },
      spec: { environmentRef: { name: 'e2e' } },
      status: {
        backendAi: [changes.backendAi ?? '26.9.6 (aaaaaaaaaaaa, modified)'],
        suites: [{ name: 'a-b', report: 'r-a-b-1', verdict: 'Failed' }],
      },
    },
    reports: [
      {
        metadata: { name: 'r-a-b-1' },
        spec: { runRef: { name: 'r' }, suiteRef: { name: 'a-b' }, attempt: 1 },
        status: { tests: [{ title, state: 'failed', error: 'Error: no' }] },
      },
    ],
    tested: {
      environments: [{ name: 'e2e', status: { components } }],
      images: [],
      command: { version: '1' },
    },
  };
  return content as unknown as RunFile;
}

describe('a run on made sources', () => {
  it('shows the sources in each component, and the defect in a failed test', () => {
    expect(surprisesOf(file('the truth'), { build, defect })).to.deep.equal([]);
  });
  it('surprises where the edited component runs the commit without the edit, or another one anything else', () => {
    const unedited = { version: '26.9.6', commit: COMMIT };
    expect(surprisesOf(file('the truth', { agent: unedited }), { build, defect })).to.deep.equal([]);
    expect(surprisesOf(file('the truth', { manager: unedited }), { build, defect })).to.deep.equal([
      'manager is 26.9.6 (aaaaaaaaaaaa), not 26.9.6 (aaaaaaaaaaaa, modified)',
    ]);
    expect(surprisesOf(file('the truth', { agent: { version: '26.9.6' } }), { build, defect })).to.deep.equal(
      ['agent is 26.9.6, not 26.9.6 (aaaaaaaaaaaa)'],
    );
  });
  it('surprises where the run names other sources', () => {
    expect(surprisesOf(file('the truth', { backendAi: '26.9.6' }), { build })).to.deep.equal([
      'the run tested "26.9.6", not "26.9.6 (aaaaaaaaaaaa, modified)"',
    ]);
  });
  it('surprises where another test failed', () => {
    expect(surprisesOf(file('a lie'), { build, defect })).to.deep.equal([
      'manager-lies is unnamed: a lie: Error: no',
    ]);
  });
});

describe('the answer of a bisection', () => {
  const guilty = { hash: 'b'.repeat(40), component: 'manager' };
  const answer = (hash: string, component: string) =>
    `The tests are red since commit ${hash} (Plant it), green before on commit 0123456789ab (x): only the code of ${component} changed.`;
  it('names the commit and the component', () => {
    expect(isAnswer(['tried', answer('bbbbbbbbbbbb', 'manager')], guilty)).to.equal(true);
    expect(isAnswer([answer('bbbbbbbbbbbb', 'agent')], guilty)).to.equal(false);
    expect(isAnswer([answer('cccccccccccc', 'manager')], guilty)).to.equal(false);
    expect(isAnswer([], guilty)).to.equal(false);
  });
});
