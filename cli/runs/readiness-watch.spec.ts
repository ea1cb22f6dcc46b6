import { condition, testEnvironment } from '@backendai-e2e/api/object-fixtures';
import { expect } from 'chai';
import { ReadinessWatch } from './readiness-watch.ts';

const environment = (name: string, ready: boolean) =>
  testEnvironment(name, { status: { conditions: [condition('Ready', ready ? 'True' : 'False', 'x', 'y')] } });

describe('the times in which environments were not ready', () => {
  it('run from the start to Ready, and from each loss to the next Ready', () => {
    let second = 0;
    const watch = new ReadinessWatch(['e2e', 'e2e-2'], () => new Date(second * 1000));
    const at = (now: number, first: boolean, other: boolean) => {
      second = now;
      const moreEnvironments = [environment('e2e-2', other)];
      watch.look({ environment: environment('e2e', first), moreEnvironments, reports: [] });
    };
    at(10, true, false);
    at(20, true, true);
    at(30, false, true);
    at(35, false, true);
    at(40, true, true);
    at(50, true, false);
    second = 55;
    const spans = watch
      .spans()
      .map(({ environment: name, from, to }) => [name, Date.parse(from), Date.parse(to)]);
    expect(spans).to.deep.equal([
      ['e2e', 0, 10_000],
      ['e2e-2', 0, 20_000],
      ['e2e', 30_000, 40_000],
      ['e2e-2', 50_000, 55_000],
    ]);
  });
});
