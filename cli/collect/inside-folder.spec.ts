import path from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { insideFolder, UnsafeName } from './inside-folder.ts';

/** Names that people who attack programs try, among any others. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc
    .array(fc.constantFrom('..', '.', '/', '\\', 'a', '\0', '\n', '%2e', '~'), { maxLength: 6 })
    .map((parts) => parts.join('')),
);

describe('files named by a cluster', () => {
  it('are exactly as deep in the folder as they have names, or are refused', function () {
    this.timeout(600_000);
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 4 }), (names) => {
        let file: string;
        try {
          file = insideFolder('/out', ...names);
        } catch (error) {
          expect(error).to.be.instanceOf(UnsafeName);
          return;
        }
        expect(path.resolve(file)).to.equal(file);
        expect(path.relative('/out', file).split(path.sep)).to.deep.equal(names);
      }),
      { numRuns: 10_000 },
    );
  });

  it('are refused with the name, escaped and shortened', () => {
    expect(() => insideFolder('/out', 'a?/../../Makefile')).to.throw(UnsafeName, '"a?/../../Makefile"');
    expect(() => insideFolder('/out', '\u001b[2J')).to.throw(UnsafeName, '"\\u001b[2J"');
    expect(() => insideFolder('/out', 'a'.repeat(256))).to.throw(UnsafeName, `"${'a'.repeat(80)}…"`);
  });
});
