import { forecast } from '@backendai-e2e/scheduling/forecast';
import { expect } from 'chai';
import { forecastLines } from './plan.ts';

describe('the forecast for people', () => {
  it('has a row for each suite, by environment, then what decides how long the run takes', () => {
    const suites = [
      { name: 'a', seconds: 40, traits: { needs: ['manager'] } },
      { name: 'b', seconds: 30, traits: { needs: ['manager'] } },
      { name: 'audit', seconds: 2, traits: { last: true } },
    ];
    const environments = 2;
    const lines = forecastLines({ environments, ...forecast(suites, { environments, parallelism: 1 }) });
    expect(lines.filter((line) => /^ *\d/.test(line)).map((line) => line.trim().split(/ +/))).to.deep.equal([
      ['1', '0', '40', 'a'],
      ['1', '40', '42', 'audit'],
      ['2', '0', '30', 'b'],
      ['2', '40', '42', 'audit'],
    ]);
    expect(lines.slice(-3)).to.deep.equal([
      'Run: 42 s in 2 environments; the suites take 74 s in all.',
      'Lower bound: 42 s, 100 % of the run.',
      'Critical path: a (40 s), audit (2 s).',
    ]);
  });
});
