import { expect } from 'chai';
import { bisectCommand, trialCommand } from './bisect.ts';

const tests = { includeSlow: true, timeoutSeconds: 60, parallelism: 1 };

/** Runs `body` without its output on stderr, and returns its exit code with that output. */
async function quietly(body: () => Promise<number>): Promise<[code: number, said: string]> {
  const { error } = console;
  let said = '';
  console.error = (line: unknown) => {
    said += String(line);
  };
  try {
    return [await body(), said];
  } finally {
    console.error = error;
  }
}

describe('the command bisect', () => {
  for (const [what, good, bad, more, says] of [
    ['a good end that is no release', 'main', '26.9.6', {}, /--good is "main".*Name a release/s],
    ['a bad end that does not exist', '26.9.0', '/nowhere', {}, /neither a release nor a folder/],
    ['a suite that does not exist', '26.9.0', '26.9.6', { suites: 'nothing' }, /no suite.*"nothing"/],
    ['a wrong pattern', '26.9.0', '26.9.6', { grep: '(' }, /regular expression|Invalid/i],
  ] as const) {
    it(`ends with 2 for ${what}, before it deploys anything`, async () => {
      const [code, said] = await quietly(() =>
        bisectCommand({ ...tests, ...more, good, bad, again: false, dryRun: false }),
      );
      expect(code).to.equal(2);
      expect(said).to.match(says);
    });
  }

  it('ends git bisect for a wrong suite, in place of a wrong answer', async () => {
    const [code] = await quietly(() => trialCommand('26.9.6', { ...tests, suites: 'nothing' }));
    expect(code).to.equal(128);
  });
});
