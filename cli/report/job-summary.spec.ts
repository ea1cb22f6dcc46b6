import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import type { Pod } from '../collect/cluster-logs.ts';
import { componentLog } from '../collect/log-fixtures.ts';
import { PhaseClock } from '../pipeline/phases.ts';
import { figuresOf, jobEndLines } from './job-summary.ts';
import { podTroubles } from './pod-troubles.ts';

const state = { seen: { reports: [] } };
const figures = { phases: [{ name: 'doctor', seconds: 0.5 }], totalSeconds: 2 };

describe('the end of the output', () => {
  it('is the exit code with its meaning and the reason', () => {
    const ending = { code: 2, sentence: 'no engine' } as const;
    const lines = jobEndLines(ending, state, figures);
    expect(lines.at(-1)).to.equal('exit 2 (could not run): no engine');
  });

  it('shows suites with their counts, and failures only after a failed run', () => {
    const counts = { total: 2, passed: 1, failed: 1, pending: 0, interrupted: 0 };
    const reports = [report('s', [test('a'), test('b', { state: 'failed', error: 'boom' })])];
    const seen = { run: run([suite('s', 'Failed', { counts })]), reports };
    const show = (code: 0 | 1) => jobEndLines({ code, sentence: '' }, { ...state, seen }, figures).join('\n');
    expect(show(1))
      .to.match(/^s +Failed +1 +1 +0 +0 +2\.0 s$/m)
      .and.contain('boom');
    expect(show(0)).not.to.contain('boom');
  });

  it('shows why a container crashed', () => {
    const pod: Pod = {
      metadata: { name: 'p', namespace: 'n' },
      spec: { containers: [{ name: 'c' }] },
      status: {
        containerStatuses: [
          {
            name: 'c',
            restartCount: 3,
            state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
          },
        ],
      },
    };
    const lines = ['2026-01-01T00:00:00Z starting', '2026-01-01T00:00:01Z TypeError: no', ''];
    const log = componentLog('x', lines, { pod: 'p', container: 'c', previous: true });
    expect(podTroubles([pod], [log])).to.deep.equal([
      '  n/p/c waits: CrashLoopBackOff: back-off',
      '      starting',
      '      TypeError: no',
    ]);
  });

  it('counts the first test from the start of the command', () => {
    const wall = Date.parse('2026-01-01T00:00:00Z');
    const clock = new PhaseClock(
      () => 0,
      () => wall,
    );
    const reports = [
      report('b', [], { startedAt: '2026-01-01T00:02:00Z' }),
      report('a', [], { startedAt: '2026-01-01T00:01:30Z' }),
    ];
    expect(figuresOf(clock, { ...state, seen: { reports } }).firstTestSeconds).to.equal(90);
    expect(figuresOf(clock, state)).not.to.have.property('firstTestSeconds');
  });
});
