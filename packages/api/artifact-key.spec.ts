import { expect } from 'chai';
import fc from 'fast-check';
import { keyOf, ownerPath, partsOf, pathTo, placeAt } from './artifact-key.ts';

const SHA = 'ab'.repeat(32);
const UID = '0b1c2d3e-0000-4000-8000-000000000001';

describe('artifact keys and paths', () => {
  it('are parsed back into what they were made from', () => {
    const key = keyOf({ sha256: SHA, omittedBytes: 12, file: 'suite.log.gz' });
    expect(partsOf(key)).to.deep.equal({ sha256: SHA, omittedBytes: 12, file: 'suite.log.gz' });
    const place = { namespace: 'ns', report: 'run-a-1', uid: UID, key };
    expect(placeAt(pathTo(place))).to.deep.equal(place);
    const { key: _left, ...owner } = place;
    expect(placeAt(ownerPath(owner))).to.deep.equal(owner);
    expect(placeAt('ns')).to.deep.equal({ namespace: 'ns' });
  });

  const wrong: [string, string][] = [
    ['empty', ''],
    ['the parent folder', '..'],
    ['a path with the parent folder in it', `ns/../${UID}`],
    ['a report without UID', 'ns/run-a-1'],
    ['a report with an invalid UID', 'ns/run-a-1/..'],
    ['a key without SHA-256', `ns/run-a-1/${UID}/suite.log`],
    ['a key with a slash', `ns/run-a-1/${UID}/${SHA}.0.../x`],
    ['longer than a key', `ns/run-a-1/${UID}/${SHA}.0.a/b`],
    ['a name with an escaped character', 'n%2e'],
  ];
  for (const [what, path] of wrong) {
    it(`cannot be ${what}`, () => {
      expect(placeAt(path)).to.equal(undefined);
    });
  }

  it('are read only from texts that are written back as they were, and never leave their folder', function () {
    this.timeout(600_000);
    const part = fc.constantFrom(
      '..',
      '.',
      '/',
      'ns',
      'run-a-1',
      UID,
      SHA,
      '.0.',
      'suite.log',
      '?',
      '%2e',
      '\n',
      '',
    );
    const path = fc.array(part, { maxLength: 10 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(path, fc.string()), (text) => {
        const place = placeAt(text);
        if (!place) return true;
        const parts = [place.namespace, place.report, place.uid, place.key].filter(
          (one) => one !== undefined,
        );
        return parts.join('/') === text && parts.every((one) => !/^\.|[/?#%\s]/.test(one));
      }),
      { numRuns: 10_000 },
    );
    fc.assert(
      fc.property(fc.oneof(path, fc.string()), (text) => {
        const parts = partsOf(text);
        return (
          parts === undefined || keyOf(parts) === text || Number(text.split('.')[1]) === parts.omittedBytes
        );
      }),
      { numRuns: 10_000 },
    );
  });

  it('cannot contain a file name with a slash', () => {
    expect(() => keyOf({ sha256: SHA, omittedBytes: 0, file: 'a/b' })).to.throw(RangeError, '"a/b"');
  });
});
