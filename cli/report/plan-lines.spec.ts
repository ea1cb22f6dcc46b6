import { forecast } from '@backendai-e2e/scheduling/forecast';
import { shortenings } from '@backendai-e2e/scheduling/shorten';
import { expect } from 'chai';
import type { PlannedDuration } from '../catalog/durations.ts';
import { type PlannedRun, planLines } from './plan-lines.ts';

const suites = [
  { name: 'a', seconds: 40, traits: { needs: ['manager'] } },
  { name: 'b', seconds: 10, traits: { needs: ['manager'] } },
  { name: 'audit', seconds: 2, traits: { last: true } },
];
const durations: Record<string, PlannedDuration> = {
  a: { seconds: 40, from: 'history', runs: 5 },
  b: { seconds: 10, from: 'timings' },
  audit: { seconds: 2, from: 'assumed' },
};

function plan(more: Partial<PlannedRun> = {}): string[] {
  const shape = { environments: 2, parallelism: 1 };
  return planLines({
    ...shape,
    ...forecast(suites, shape),
    durations,
    shortenings: shortenings(suites, shape),
    ...more,
  });
}

describe('the plan for people', () => {
  it('has a row for each suite, by environment, with the source of its duration', () => {
    const rows = plan().filter((line) => /^ *\d/.test(line));
    expect(rows.map((line) => line.trim().split(/ {2,}/))).to.deep.equal([
      ['1', '0', '40', 'a', 'history, 5 runs'],
      ['1', '40', '42', 'audit', 'assumed'],
      ['2', '0', '10', 'b', 'suites/timings.json'],
      ['2', '40', '42', 'audit', 'assumed'],
    ]);
  });

  it('says what decides how long the run takes, and what would shorten it', () => {
    const lines = plan();
    expect(lines.slice(lines.indexOf('') + 1)).to.deep.equal([
      'Run: 42 s in 2 environments; the suites take 54 s in all.',
      'Lower bound: 42 s, 100 % of the run. It is the highest of:',
      '  the longest suite: 42 s',
      '  the places, 2 × 1: 27 s',
      '  the CPU: not known, fewer than three comparable runs of the history have it',
      'Critical path: a (40 s), audit (2 s).',
      'Durations: 1 from the history, 1 from suites/timings.json, 1 assumed.',
      'What would shorten it:',
      '  a as two suites of half its length: 32 s, 10 s less',
    ]);
  });

  it('has the bound of the CPU, where the history knows it', () => {
    const cpu = { cpuSeconds: 96, cores: 2, seconds: 48, runs: 4 };
    const text = plan({ cpu, lowerBound: 48, seconds: 60, shortenings: [] }).join('\n');
    expect(text).to.include('Lower bound: 48 s, 80 % of the run.');
    expect(text).to.include('the CPU, 96 CPU seconds on 2 cores: 48 s (as in 4 runs of the history)');
    expect(text).to.include('Nothing would shorten it');
  });
});
