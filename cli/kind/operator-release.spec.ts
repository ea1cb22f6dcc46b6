import { expect } from 'chai';
import type { ImageSet } from '../images/build.ts';
import { BAKED, LOADED } from '../images/table.ts';
import { ownRuntime } from './objects.ts';
import { operatorValues } from './operator-release.ts';

const images = (backendAi: string): ImageSet => ({
  refs: {
    ...(Object.fromEntries([...BAKED, ...LOADED].map((name) => [name, `x/${name}:1`])) as ImageSet['refs']),
    'suites-backend-ai': `x/suites-backend-ai:${backendAi}`,
  },
  ...{ components: {}, runtimeImage: 'x/suites-backend-ai:1', nodeImage: '', release: '26.9.6' },
});

describe('the operator of a kept cluster', () => {
  it('has the same values with any Backend.AI, whose programs the environment names', () => {
    expect(operatorValues(images('2'))).to.deep.equal(operatorValues(images('1')));
    expect(ownRuntime(images('2'))).to.equal('x/suites-backend-ai:2');
    expect(ownRuntime(images('1'))).to.equal(undefined);
  });
});
