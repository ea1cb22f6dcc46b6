import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { Interrupted } from '../terminal/interrupt.ts';
import { endingOfError, endingOfRun, withTroubles } from './ending.ts';

const ended = (reason: string) => endingOfRun(run([suite('s', 'Failed')], { status: 'False', reason })).code;

describe('exit codes', () => {
  it('0 only when the run says that it succeeded', () => {
    expect(endingOfRun(run([suite('s', 'Passed')])).code).to.equal(0);
    expect(endingOfRun(run([], { status: 'Unknown', reason: 'Running' })).code).to.equal(2);
  });

  it('1 when suites ran or were refused for an unhealthy environment', () => {
    for (const reason of ['SuitesFailed', 'EnvironmentNotReady', 'TimedOut', 'Cancelled']) {
      expect(ended(reason), reason).to.equal(1);
    }
  });

  it('2 when there was nothing to run or nowhere to run it', () => {
    for (const reason of [
      'EnvironmentFailed',
      'UnknownSuites',
      'NoSuites',
      'EnvironmentNotFound',
      'InvalidGrep',
    ]) {
      expect(ended(reason), reason).to.equal(2);
    }
  });

  it('2 with message and remedy for an error, 130 for Ctrl-C', () => {
    const error = Object.assign(new Error('no engine'), { remedy: 'install one' });
    expect(endingOfError(error)).to.deep.equal({ code: 2, sentence: 'no engine\n  what to do: install one' });
    expect(endingOfError(new Interrupted('stopped by SIGINT'))).to.deep.equal({
      code: 130,
      sentence: 'stopped by SIGINT',
    });
  });

  it('a success with a failed clean-up is none; a failure stays what it was', () => {
    expect(withTroubles({ code: 0, sentence: 'ok' }, ['left a container'])).to.deep.equal({
      code: 2,
      sentence: 'ok\nalso: left a container',
    });
    expect(withTroubles({ code: 1, sentence: 'no' }, ['left a container']).code).to.equal(1);
    expect(withTroubles({ code: 0, sentence: 'ok' }, [])).to.deep.equal({ code: 0, sentence: 'ok' });
  });
});
