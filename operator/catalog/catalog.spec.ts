import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { nearMisses } from '@backendai-e2e/tools/fuzz/near-misses';
import { expect } from 'chai';
import fc from 'fast-check';
import { CatalogError, suitesOf } from './catalog.ts';

const ENTRY = {
  name: 'alpha',
  labels: { 'e2e.backend.ai/area': 'bench' },
  spec: { files: ['a/b'], image: 'i' },
};

describe('a catalog of suites', function () {
  this.timeout(LAST_RESORT_MS);

  it('is a list of suites that the API server can judge, or is refused with the entry', () => {
    expect(suitesOf([ENTRY], 'catalog.yaml')).to.deep.equal([ENTRY]);
    fc.assert(
      fc.property(nearMisses([ENTRY, { name: 'beta', spec: {} }]), (content) => {
        try {
          for (const { name, labels, spec } of suitesOf(content, 'catalog.yaml')) {
            expect(name).to.match(/^[^/%]+$/);
            expect(Object.values(labels).every((each) => typeof each === 'string')).to.equal(true);
            expect(spec).to.be.an('object');
          }
        } catch (error) {
          expect(error).to.be.instanceOf(CatalogError);
          expect(String(error)).to.match(/catalog\.yaml(: entry \d| does not hold a list)/);
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
