import { component, testEnvironment } from '@backendai-e2e/api/object-fixtures';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { expect } from 'chai';
import { applicableIn, forbidden, notApplicable } from './applicable.ts';
import { suite } from './plan-fixtures.ts';

const environment = (version?: string): TestEnvironment =>
  testEnvironment('e2e', { status: { components: [component('manager', 1, version ? { version } : {})] } });

describe('a suite with since or until', () => {
  const since = suite('a', { since: '26.9.0' });

  it('applies to the releases in between', () => {
    expect(notApplicable(environment('26.9.6'), since)).to.equal(undefined);
    expect(notApplicable(environment('26.9.0'), suite('a', { until: '26.9.0' }))).to.equal(undefined);
  });
  it('does not apply to others, and says why', () => {
    expect(notApplicable(environment('26.8.3'), since)).to.equal(
      'the suite applies since 26.9.0, and e2e runs 26.8.3',
    );
    expect(notApplicable(environment('26.9.1'), suite('a', { until: '26.9.0' }))).to.include('until 26.9.0');
  });
  it('applies where the release is not known', () => {
    expect(notApplicable(environment(), since)).to.equal(undefined);
    expect(notApplicable(undefined, since)).to.equal(undefined);
  });
  it('applies to every release without them', () => {
    expect(notApplicable(environment('26.8.3'), suite('a'))).to.equal(undefined);
  });
  it('runs in those of several environments that have it', () => {
    const places = (names: string[]) => applicableIn(names, (name) => environment(name), since);
    expect(places(['26.8.3', '26.9.6'])).to.deep.equal(['26.9.6']);
    expect(places(['26.8.3', '26.8.2']))
      .to.be.a('string')
      .that.includes('26.8.3')
      .and.includes('26.8.2');
  });
});

describe('an environment', () => {
  const places = {
    deployed: { chart: { name: 'c' } },
    external: { external: {} },
  } satisfies Record<string, TestEnvironment['spec']>;
  const reason = (spec: TestEnvironment['spec'], of: 'invasive' | 'disruptive') =>
    forbidden({ ...environment(), spec }, suite('a', { [of]: true }));

  it('forbids invasive suites by default only if the operator did not deploy it', () => {
    expect(reason(places.deployed, 'invasive')).to.equal(undefined);
    expect(reason(places.external, 'invasive')).to.equal('InvasiveSuitesForbidden');
    expect(reason({ ...places.external, invasiveSuites: 'Allowed' }, 'invasive')).to.equal(undefined);
    expect(reason({ ...places.deployed, invasiveSuites: 'Forbidden' }, 'invasive')).to.equal(
      'InvasiveSuitesForbidden',
    );
  });

  it('forbids disruptive suites by default, and allows others whatever it says', () => {
    expect(reason(places.deployed, 'disruptive')).to.equal('DisruptionForbidden');
    expect(reason({ ...places.external, disruption: 'Allowed' }, 'disruptive')).to.equal(undefined);
    expect(forbidden({ ...environment(), spec: places.external }, suite('a'))).to.equal(undefined);
    expect(forbidden(undefined, suite('a', { invasive: true }))).to.equal(undefined);
  });
});
