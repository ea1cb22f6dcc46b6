import { expect } from 'chai';
import fc from 'fast-check';
import { plainLine, printable } from './plain-text.ts';

/** Any text, with the parts of escape sequences more often than by chance. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.constantFrom(
        '\u001b',
        '\u009b',
        '[31m',
        ']52;c;eA==',
        '\u0007',
        '\u001b\\',
        '\r',
        '\u202e',
        '\ud800',
        '\u2028',
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

describe('text that people look at', function () {
  this.timeout(600_000);
  it('has no control character and no half character, whatever was in it', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = printable(text);
        return (
          !/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(shown.replace(/[\t\n]/g, '')) &&
          printable(shown) === shown
        );
      }),
      { numRuns: 10_000 },
    );
  });

  it('is one line where one is asked for', () => {
    fc.assert(
      fc.property(hostile, (text) => !/[\n\r\t\u2028\u2029]/.test(plainLine(text))),
      { numRuns: 10_000 },
    );
    expect(plainLine('first\r\n✓ run passed\rexit 0')).to.equal('first ✓ run passed exit 0');
  });

  it('keeps letters, tabs and line ends, and loses colors', () => {
    expect(printable('\u001b[31m a b, 한국어 🙂\u001b[39m\r\n\tnext')).to.equal(' a b, 한국어 🙂\n\tnext');
  });

  it('cannot write to the clipboard or the title of a terminal', () => {
    expect(printable('a\u001b]52;c;cm0gLXJmIC8=\u0007b')).to.equal('ab');
    expect(printable('a\u001b]0;owned\u001b\\b')).to.equal('ab');
    expect(printable('admin\u202etxt.exe')).to.equal('admin\ufffdtxt.exe');
  });
});
