import { expect } from 'chai';
import { type GuardedOutput, guardOutputs } from './guarded-output.ts';

function output() {
  const written: string[] = [];
  const target: GuardedOutput = {
    write: (chunk) => {
      written.push(String(chunk));
      return true;
    },
  };
  return { target, text: () => written.join('') };
}

describe('the outputs of a command', () => {
  it('let no escape sequence of a suite through, also when it comes in parts', () => {
    const { target, text } = output();
    guardOutputs([target]);
    target.write('title \u001b]0;owned\u0007 and \u001b[2J more\n');
    target.write('\u001b');
    target.write('[2J\n');
    expect(text()).to.equal('title  and  more\n\ufffd[2J\n');
  });

  it('keep a character that arrives in two chunks', () => {
    const { target, text } = output();
    guardOutputs([target]);
    const bytes = Buffer.from('한');
    target.write(bytes.subarray(0, 1));
    target.write(bytes.subarray(1));
    expect(text()).to.equal('한');
  });

  it('let the task list draw while it is trusted', async () => {
    const { target, text } = output();
    const guard = guardOutputs([target]);
    await guard.trusted(async () => target.write('\u001b[1A'));
    target.write('\u001b[1A');
    expect(text()).to.equal('\u001b[1A');
  });

  it('give no command to the CI service that shows them', () => {
    const said = 'ok\n  ::add-mask::x\na ::b\n##[error]x ##vso[task.complete]';
    const inService = output();
    guardOutputs([inService.target], { GITHUB_ACTIONS: 'true' });
    inService.target.write(said);
    expect(inService.text()).to.equal('ok\n  : :add-mask::x\na ::b\n## [error]x ## vso[task.complete]');
    const elsewhere = output();
    guardOutputs([elsewhere.target], {});
    elsewhere.target.write(said);
    expect(elsewhere.text()).to.equal(said);
  });
});
