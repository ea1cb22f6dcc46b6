import { expect } from 'chai';
import { managerIn, refuseOtherPlatform } from './given-image.ts';

describe('a given image', () => {
  it('is refused where it is for another processor', () => {
    expect(() => refuseOtherPlatform('x:1', 'linux/amd64', 'x64')).not.to.throw();
    expect(() => refuseOtherPlatform('x:1', 'linux/arm64', 'x64')).to.throw(
      'x:1 is for linux/arm64, and this machine runs linux/amd64',
    );
    expect(() => refuseOtherPlatform('x:1', '', 'arm64')).to.throw('an unknown platform');
  });
  it('has the version of the manager that its record says', () => {
    expect(managerIn('{"manager":{"version":"26.9.0"}}')).to.equal('26.9.0');
    for (const text of ['', 'null', '[]', '{"manager":{"version":7}}', '{"manager":{"version":"soon"}}']) {
      expect(managerIn(text), text).to.equal(undefined);
    }
  });
});
