import { expect } from 'chai';
import { type OperatorHarness, startOperatorHarness } from '../envtest/operator/harness.ts';
import { LAST_RESORT_MS } from '../envtest/waits/until.ts';
import { fuzz, inWords } from './fuzz.ts';

/** "./tools/dev fuzz" makes a thousand objects. */
const OBJECTS = 100;
const SEED = 20_261_130;

describe('random objects of all kinds against a real API server', function () {
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  before(async () => {
    harness = await startOperatorHarness();
  });
  after(() => harness?.stop());

  it('end in a sentence, can be deleted, and keep no ordinary run from passing', async () => {
    const result = await fuzz(harness, { objects: OBJECTS, seed: SEED, say: () => undefined });
    const stored = Object.values(result.stored).reduce((sum, count) => sum + count, 0);
    expect(stored, inWords(result)).to.equal(OBJECTS);
  });
});
