import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import type { CatalogEntry } from '../catalog/catalog.ts';
import { rerunSpec, specOf } from './run-spec.ts';

const catalog: CatalogEntry[] = [
  { name: 'a-one', area: 'a', files: ['a/one'] },
  { name: 'a-two', area: 'a', files: ['a/two'], slow: true },
  { name: 'audit', area: 'z', files: ['z/audit'], last: true },
];

describe('what a run asks for', () => {
  it('names the chosen suites and the one that closes every run', () => {
    const spec = specOf({ environment: 'e2e', suites: 'a', includeSlow: false, failFast: true }, catalog);
    expect(spec.suites).to.deep.equal({ names: ['a-one', 'audit'] });
    expect(spec).to.deep.include({ environmentRef: { name: 'e2e' }, failFast: true });
  });

  it('leaves all to the operator when nothing is chosen', () => {
    const wish = { environment: 'e2e', includeSlow: true, failFast: false };
    expect(specOf(wish, catalog)).to.deep.equal({ environmentRef: { name: 'e2e' } });
  });
});

describe('running again', () => {
  const before = run([suite('a-one', 'Failed'), suite('a-two', 'Flaky'), suite('audit', 'Passed')]);

  it('leaves the choice of what failed to the operator', () => {
    expect(rerunSpec(before, true)).to.deep.equal({ environmentRef: { name: 'e2e' }, rerunFailedOf: 'run' });
  });

  it('takes flaky ones where the run calls that a failure', () => {
    const strict = { ...before, spec: { ...before.spec, retryPolicy: { flaky: 'Fail' as const } } };
    const onlyFlaky = { ...strict, status: { suites: [suite('a-two', 'Flaky')] } };
    expect(rerunSpec(onlyFlaky, true)).to.include({ rerunFailedOf: 'run' });
    expect(rerunSpec({ ...onlyFlaky, spec: before.spec }, true)).to.equal(undefined);
  });

  it('runs again a suite that failFast skipped, as the operator does', () => {
    const skipped = run([suite('a-one', 'Passed'), suite('a-two', 'Skipped', { reason: 'FailFast' })]);
    expect(rerunSpec(skipped, true)).to.include({ rerunFailedOf: 'run' });
  });

  it('takes all suites, and nothing of a cancellation', () => {
    const cancelled = { ...before, spec: { ...before.spec, cancel: true, grep: 'x' } };
    expect(rerunSpec(cancelled, false)).to.deep.equal({
      environmentRef: { name: 'e2e' },
      grep: 'x',
      suites: { names: ['a-one', 'a-two', 'audit'] },
    });
  });

  it('has nothing to do after a run without a failure', () => {
    expect(rerunSpec(run([suite('a-one', 'Passed')]), true)).to.equal(undefined);
  });
});
