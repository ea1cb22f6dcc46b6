import { expect } from 'chai';
import { keyOf, ownerPath, partsOf, pathTo, placeAt } from './artifact-key.ts';

const SHA = 'ab'.repeat(32);
const UID = '0b1c2d3e-0000-4000-8000-000000000001';

describe('the place of an artifact', () => {
  it('is read as it was written', () => {
    const key = keyOf({ sha256: SHA, omittedBytes: 12, file: 'suite.log.gz' });
    expect(partsOf(key)).to.deep.equal({ sha256: SHA, omittedBytes: 12, file: 'suite.log.gz' });
    const place = { namespace: 'ns', report: 'run-a-1', uid: UID, key };
    expect(placeAt(pathTo(place))).to.deep.equal(place);
    const { key: _left, ...owner } = place;
    expect(placeAt(ownerPath(owner))).to.deep.equal(owner);
    expect(placeAt('ns')).to.deep.equal({ namespace: 'ns' });
  });

  const wrong: [string, string][] = [
    ['nothing', ''],
    ['a way out of the folder', '..'],
    ['a way out in the middle', `ns/../${UID}`],
    ['a report without its uid', 'ns/run-a-1'],
    ['an uid that is none', 'ns/run-a-1/..'],
    ['a key without a sum', `ns/run-a-1/${UID}/suite.log`],
    ['a key that leads elsewhere', `ns/run-a-1/${UID}/${SHA}.0.../x`],
    ['more than a key', `ns/run-a-1/${UID}/${SHA}.0.a/b`],
    ['a sign that is no name', 'n%2e'],
  ];
  for (const [what, path] of wrong) {
    it(`is not ${what}`, () => {
      expect(placeAt(path)).to.equal(undefined);
    });
  }

  it('has no room for a file name with a slash', () => {
    expect(() => keyOf({ sha256: SHA, omittedBytes: 0, file: 'a/b' })).to.throw(RangeError, '"a/b"');
  });
});
