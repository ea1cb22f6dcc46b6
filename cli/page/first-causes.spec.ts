import { readRunFile } from '@backendai-e2e/results/run-file';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { storyLines } from './first-causes.ts';

const startedAt = '2026-01-01T00:00:10.000Z';
const failed = (title: string) => test(title, { state: 'failed', error: 'expected 1', startedAt });

/** A run in which the tests failed while the agent restarted. */
function fileWith(titles: readonly string[]) {
  const pod = {
    ...{ namespace: 'bai', name: 'agent-0', component: 'agent', phase: 'Running' },
    containers: [
      {
        ...{ name: 'agent', image: '', imageId: '', restarts: 1 },
        last: { reason: 'OOMKilled', exitCode: 137, finishedAt: startedAt },
      },
    ],
  };
  const objects = { run: run([suite('s', 'Failed')]), reports: [report('s', titles.map(failed))] };
  const cluster = { events: [], pods: [pod], leases: [], missing: [] };
  return readRunFile(JSON.stringify({ ...objects, cluster }), 'run.json');
}

describe('the first causes on a terminal', () => {
  it('name the component with its evidence below each failure', () => {
    expect(storyLines(fileWith(['starts \u001b[31ma session']))).to.deep.equal([
      '',
      'first cause of s: starts ⟨U+001B⟩[31ma session (e2e)',
      '  1. agent (weight 8)',
      '     00:00:10 container agent restarted (OOMKilled, exit code 137), 1 in all',
    ]);
  });

  it('are five at most: the others are counted', () => {
    const lines = storyLines(fileWith(['a', 'b', 'c', 'd', 'e', 'f', 'g']));
    expect(lines.filter((line) => line.startsWith('first cause'))).to.have.length(5);
    expect(lines.at(-1)).to.equal('… and 2 more, on the page that e2e report writes');
  });

  it('are absent where nothing failed, or nothing is known', () => {
    const passed = { run: run([suite('s', 'Passed')]), reports: [report('s', [test('a')])] };
    expect(storyLines(readRunFile(JSON.stringify(passed), 'run.json'))).to.deep.equal([]);
    const dark = { run: run([suite('s', 'Failed')]), reports: [report('s', [failed('a')])] };
    expect(storyLines(readRunFile(JSON.stringify(dark), 'run.json'))).to.deep.equal([]);
  });
});
