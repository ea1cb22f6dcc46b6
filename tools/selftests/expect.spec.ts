import { expect } from 'chai';
import { adminCommandsIn, difference, expectEnding, Surprise, showsPassedTest } from './expect.ts';

describe('what the self-test of staging expects', () => {
  it("finds the administrator's commands in a refusal, and nothing else", () => {
    const lines = [
      'exit 2 (could not run): nothing was created',
      '  missing right: x',
      '  what to do: an administrator runs:',
      '    kubectl create namespace a',
      '    ./e2e staging | kubectl apply -f -',
      'something else',
      '    not this',
    ];
    expect(adminCommandsIn(lines)).to.deep.equal([
      'kubectl create namespace a',
      './e2e staging | kubectl apply -f -',
    ]);
    expect(adminCommandsIn(lines.slice(3))).to.deep.equal([]);
  });

  it('recognizes the line of a passed test, and no line of a phase', () => {
    expect(showsPassedTest('[  12.0s]     ✔ keeps its id (0.40 s)')).to.equal(true);
    expect(showsPassedTest('[  12.0s]     ✘ keeps its id (0.40 s)')).to.equal(false);
    expect(showsPassedTest('[  12.0s] ✓ operator (4.1 s)')).to.equal(false);
  });

  it('names what is left and what is gone', () => {
    expect(difference(['a', 'b'], ['b', 'c'])).to.deep.equal(['left: c', 'gone: a']);
    expect(difference(['a'], ['a'])).to.deep.equal([]);
  });

  it('fails for another exit code, and for a missing message', () => {
    const got = { code: 2, lines: ['it goes on there'] };
    expect(() => expectEnding('x', got, { code: 2, says: ['goes on'] })).not.to.throw();
    expect(() => expectEnding('x', got, { code: 0 })).to.throw(Surprise, 'ended with 2 instead of 0');
    expect(() => expectEnding('x', got, { code: 2, says: ['attach'] })).to.throw(Surprise, 'attach');
  });
});
