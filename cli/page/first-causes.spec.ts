import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readRunFile } from '@backendai-e2e/results/run-file';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { leadingLines, storyLines, storyOfFolder } from './first-causes.ts';

const startedAt = '2026-01-01T00:00:10.000Z';
const failed = (title: string) => test(title, { state: 'failed', error: 'expected 1', startedAt });

const NOTHING_LEFT = { events: [], pods: [], leases: [], missing: [] };

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

  it('are explained for five failures: the others have a line each', () => {
    const lines = storyLines(fileWith(['a', 'b', 'c', 'd', 'e', 'f', 'g']));
    expect(lines.filter((line) => line.startsWith('first cause of '))).to.have.length(5);
    const told = '00:00:10 container agent restarted (OOMKilled, exit code 137), 1 in all';
    expect(lines.slice(-4)).to.deep.equal([
      '',
      'first causes of 2 more:',
      `  s: f → agent: ${told}`,
      `  s: g → agent: ${told}`,
    ]);
  });

  it('are counted where there are too many for a line each', () => {
    const titles = Array.from({ length: 37 }, (_, index) => `test ${index}`);
    const lines = storyLines(fileWith(titles));
    expect(lines.at(-2)).to.match(/^ {2}s: test 34 → agent: /);
    expect(lines.at(-1)).to.equal('  … and 2 more, on the page that e2e report writes');
  });

  it('are a line each at the end of a job, and none where everything passed', () => {
    const failure = (suite: string, ...causes: { component: string; evidence: string[] }[]) => ({
      ...{ anchor: suite, suiteAnchor: suite, environment: 'e2e', file: 'f', state: 'failed', seconds: 1 },
      ...{ suite, title: 'starts', error: 'no', alarms: [], moreAlarms: 0, same: [] },
      causes: causes.map((cause) => ({ weight: 8, ...cause })),
    });
    const agent = { component: 'agent', evidence: ['00:00:10 it \u001b[31m restarted', 'it was named'] };
    expect(leadingLines([failure('a', agent), failure('b')])).to.deep.equal([
      'first causes:',
      '  a: starts → agent: 00:00:10 it  restarted',
    ]);
    expect(leadingLines([])).to.deep.equal([]);
  });

  it('are those that the operator noted, where the cluster has forgotten them', () => {
    const noted = (firstCause: string) => {
      const known = fileWith(['a']);
      const [first] = known.reports;
      const reports = first ? [{ ...first, status: { ...first.status, firstCause } }] : [];
      return [storyLines({ ...known, reports }), storyLines({ ...known, reports, cluster: NOTHING_LEFT })];
    };
    const [same, forgotten] = noted('agent: 00:00:10 it restarted');
    expect(same).to.have.length(4);
    expect(forgotten).to.deep.equal([
      '',
      'first causes that the operator noted:',
      '  s → agent: 00:00:10 it restarted',
    ]);
    expect(noted('manager: 00:00:10 it restarted')[0]?.at(-1)).to.match(/^ {2}s → manager: /);
  });

  it('of a folder of results count its logs, as those on its page do', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'e2e-story-'));
    try {
      const objects = { run: run([suite('s', 'Failed')]), reports: [report('s', [failed('a')])] };
      const logs = path.join(folder, 'logs', 'bai', 'agent');
      await mkdir(logs, { recursive: true });
      await writeFile(path.join(folder, 'run.json'), JSON.stringify(objects));
      await writeFile(path.join(logs, 'agent.log'), '2026-01-01T00:00:10.000Z ERROR no more ports\n');
      await writeFile(path.join(folder, 'green-lines.json'), JSON.stringify({ run: 'green-1', kinds: [] }));
      expect(await storyOfFolder(folder, path.join(folder, 'history'))).to.deep.equal([
        '',
        'first cause of s: a (e2e)',
        '  1. agent (weight 4)',
        '     00:00:10 wrote a line that is in no run that succeeded (last: green-1): ERROR no more ports',
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are absent where nothing failed, or nothing is known', () => {
    const passed = { run: run([suite('s', 'Passed')]), reports: [report('s', [test('a')])] };
    expect(storyLines(readRunFile(JSON.stringify(passed), 'run.json'))).to.deep.equal([]);
    const dark = { run: run([suite('s', 'Failed')]), reports: [report('s', [failed('a')])] };
    expect(storyLines(readRunFile(JSON.stringify(dark), 'run.json'))).to.deep.equal([]);
  });
});
