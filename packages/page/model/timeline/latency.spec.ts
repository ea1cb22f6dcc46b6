import { expect } from 'chai';
import type { PageSuite } from '../data/page-data.ts';
import { decadesOf, latenciesIn, requestsOf } from './latency.ts';

const suite = (environment: string, measurements: PageSuite['measurements']): PageSuite => ({
  ...{ anchor: 'a', name: `suite in ${environment}`, environment, state: 'Finished', failed: false },
  ...{ attempt: 1, claims: [], tests: [], hooks: [], measurements },
});
const window = { from: 1_000, to: 9_000 };

describe('the times that suites measured', () => {
  it('are those with a unit of time and a moment in the window, in its order', () => {
    const suites = [
      suite('e2e', [
        { name: 'late', value: 2, unit: 's', at: 9_500 },
        { name: 'request', value: 40, unit: 'ms', at: 5_000 },
        { name: 'memory', value: 9, unit: 'MiB', at: 5_000 },
      ]),
      suite('e2e-2', [{ name: 'failover', value: 3, unit: 's', at: 4_000 }]),
    ];
    const shown = (...more: [string?]) =>
      latenciesIn({ suites }, window, ...more).map(({ name, seconds, at }) => [name, seconds, at]);
    expect(shown()).to.deep.equal([
      ['failover', 3, 4_000],
      ['request', 0.04, 5_000],
    ]);
    expect(shown('e2e')).to.deep.equal([['request', 0.04, 5_000]]);
  });

  it('are left out where an older record does not say when they were measured', () => {
    const suites = [suite('e2e', [{ name: 'failover', value: 3, unit: 's' }])];
    expect(latenciesIn({ suites }, window)).to.deep.equal([]);
  });
});

describe('the requests of a failed test', () => {
  const second = (at: number) => `1970-01-01T00:00:0${at}.000Z`;
  const error = [
    'AssertionError: not yet',
    'Last requests:',
    `  ${second(0)} GET /early`,
    '    → 200 {} (0.1 s)',
    `  ${second(2)} GET /folders?all=1`,
    '    → 200 {} (0.25 s, 3 times)',
    `  ${second(3)} POST /session {}`,
    '    → 503 unavailable (0.02 s)',
    `  ${second(4)} DELETE /session/a`,
    '    → Error: socket hang up (3 s)',
  ].join('\n');

  it('say how long each took until its answer, and how it ended', () => {
    const failure = { error, suite: 's', environment: 'e2e' };
    const shown = requestsOf(failure, window).map(({ name, seconds, at, answered }) => [
      ...[name, seconds, at, answered],
    ]);
    expect(shown).to.deep.equal([
      ['GET /folders → 200, 3 times', 0.25, 2_000, 'well'],
      ['POST /session → 503', 0.02, 3_000, 'badly'],
      ['DELETE /session/a → no answer', 3, 4_000, 'not'],
    ]);
  });
});

describe('the scale of measured times', () => {
  it('covers whole powers of ten, so that requests and recoveries are seen at once', () => {
    const { low, high, share } = decadesOf([{ seconds: 0.04 }, { seconds: 30 }]);
    expect([low, high]).to.deep.equal([0.01, 100]);
    expect([share(0.01), share(1), share(100)]).to.deep.equal([0, 0.5, 1]);
  });

  it('has a place for no time at all, and for one time', () => {
    expect(decadesOf([{ seconds: 0 }]).share(0)).to.equal(0);
    const { low, high } = decadesOf([{ seconds: 1 }]);
    expect([low, high]).to.deep.equal([1, 10]);
  });
});
