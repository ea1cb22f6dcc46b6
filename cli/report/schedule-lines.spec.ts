import type { TestReport } from '@backendai-e2e/api/test-report';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import type { CatalogEntry } from '../catalog/catalog.ts';
import { type SeenSchedule, scheduleLines } from './schedule-lines.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const at = (second: number): string => new Date(START + second * 1000).toISOString();
const entry = (name: string, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  ...{ name, area: 'area', files: [`area/${name}`], needs: ['manager'] },
  ...more,
});
const catalog = [entry('alpha'), entry('beta'), entry('gamma', { claims: ['manager'] })];

function attempt(name: string, environment: string, from: number, to: number, waits = 0): TestReport {
  const more = waits > 0 ? [{ file: 'a/b', title: 't', what: 'w', seconds: waits, times: 1 }] : [];
  const one = report(name, [test('one')], { finishedAt: at(to), waits: more });
  one.metadata.creationTimestamp = at(from);
  one.spec = { ...one.spec, suite: name, environment };
  return one;
}

function seen(reports: TestReport[], more: Partial<SeenSchedule> = {}): SeenSchedule {
  const whole = run(['alpha', 'beta', 'gamma'].map((name) => suite(name, 'Passed')));
  whole.spec.moreEnvironmentRefs = [{ name: 'e2e-2' }];
  whole.spec.environmentRef = { name: 'e2e' };
  return { run: whole, reports, ...more };
}

describe('the schedule of a run, at its end', () => {
  const reports = [
    attempt('alpha', 'e2e', 0, 60, 12),
    attempt('beta', 'e2e', 64, 104),
    attempt('gamma', 'e2e-2', 30, 70),
  ];

  it('says how far it came to its bound, and what was lost to what', () => {
    const notReady = [{ environment: 'e2e-2', from: at(-20), to: at(29) }];
    const cost = { cpuSeconds: 180, cores: 2 };
    expect(scheduleLines(seen(reports, { notReady, cost }), catalog)).to.deep.equal([
      'schedule: 104 s from the first start to the last end, bound 90 s: 87 % reached',
      '  the longest suite: 60 s',
      '  the places, 2 × 1: 70 s',
      '  the CPU, 180 CPU seconds on 2 cores: 90 s',
      'empty places: 68 s of 208 s, lost to',
      '  the end, with no suite left: 34 s (e2e-2 34 s)',
      '  environments that were not ready: 29 s (e2e-2 29 s)',
      '  starts that came late: 5 s (e2e 4 s, e2e-2 1 s)',
      'waits of more than 5 s: 12 s (./e2e show --waits)',
    ]);
  });

  it('says nothing about a run of one suite', () => {
    expect(scheduleLines(seen([attempt('alpha', 'e2e', 0, 60)]), catalog)).to.deep.equal([]);
    expect(scheduleLines(seen([]), catalog)).to.deep.equal([]);
  });

  it('leaves out reports without times, and bounds without a cost', () => {
    const broken = attempt('gamma', 'e2e-2', 30, 70);
    broken.metadata.creationTimestamp = 'yesterday';
    const lines = scheduleLines(seen([...reports.slice(0, 2), broken]), catalog);
    expect(lines.join('\n')).not.to.match(/NaN|undefined|CPU/);
    expect(lines[0]).to.include('104 s');
  });
});
