import { MASK, Secrets } from '@backendai-e2e/redaction/redaction';
import { expect } from 'chai';
import fc from 'fast-check';
import { maskOutputs } from './masked-output.ts';

function masked(...values: string[]) {
  const secrets = new Secrets();
  secrets.add(values);
  const written: string[] = [];
  const output = {
    write: (chunk: Uint8Array | string, ...rest: never[]) => {
      written.push(String(chunk));
      const [done] = rest as (() => void)[];
      done?.();
      return true;
    },
  };
  const { print, flush } = maskOutputs(secrets, [output]);
  return { output, print: (line: string) => print[0]?.(line), flush, text: () => written.join('') };
}

describe('what a suite prints', () => {
  it('has no secret in it, however it is divided into writes', function () {
    this.timeout(600_000);
    const secret = 'Correct-Horse-7f3a';
    const said = `a ${secret}\nBasic ${Buffer.from(`user:${secret}`).toString('base64')} 한국어 ${secret}, and no line end`;
    const bytes = Buffer.from(said);
    const cut = fc
      .uniqueArray(fc.nat(bytes.length), { maxLength: 12 })
      .map((all) => [0, ...all.sort((a, b) => a - b), bytes.length]);
    fc.assert(
      fc.property(cut, (cuts) => {
        const { output, flush, text } = masked(secret);
        for (let part = 1; part < cuts.length; part += 1)
          output.write(bytes.subarray(cuts[part - 1], cuts[part]));
        flush();
        expect(text()).to.equal(`a ${MASK}\nBasic ${MASK} 한국어 ${MASK}, and no line end`);
      }),
      { numRuns: 10_000 },
    );
  });

  it('keeps the name before a weak password, which decides, with it', () => {
    const { output, text } = masked('pass');
    output.write('password=');
    output.write('pass');
    output.write('\ntests pass\n');
    expect(text()).to.equal(`password=${MASK}\ntests pass\n`);
  });

  it('is ended as a line before a line of the runner', () => {
    const { output, print, text } = masked('Correct-Horse-7f3a');
    output.write('dots ... Correct-');
    output.write('Horse-7f3a');
    print('✔ a test (0.10 s)\n');
    expect(text()).to.equal(`dots ... ${MASK}\n✔ a test (0.10 s)\n`);
  });

  it('reports to its caller that it was written, also while it is held back', () => {
    const { output } = masked();
    let done = 0;
    output.write(
      'no end',
      ...([
        () => {
          done += 1;
        },
      ] as unknown as never[]),
    );
    expect(done).to.equal(1);
  });

  it('does not grow without a bound in one line, and hides a secret at its break', () => {
    const { output, flush, text } = masked('Correct-Horse-7f3a');
    for (let part = 0; part < 40; part += 1) output.write(`${'x'.repeat(4_000)} Correct-Horse-7f3a`);
    const before = text().length;
    expect(before).to.be.greaterThan(80_000);
    flush();
    expect(text()).to.include(MASK);
    expect(text()).not.to.include('Correct-Horse');
  });
});
