import { expect } from 'chai';
import type { Execution, ExecutionResult, Sessions } from '../clients/manager/sessions.ts';
import { WaitTimeout } from '../evidence/waiting.ts';
import { runCode } from './execution.ts';

describe('a run of code', () => {
  /** A session API that returns prepared answers and records requests. */
  const scripted = (answers: Partial<ExecutionResult>[]) => {
    const asked: Execution[] = [];
    const execute = async (_session: string, execution: Execution): Promise<ExecutionResult> => {
      asked.push(execution);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      return {
        status: 'continued',
        runId: execution.runId,
        exitCode: null,
        options: null,
        files: null,
        console: [],
        ...answer,
      };
    };
    return { asked, sessions: { execute } as unknown as Sessions };
  };

  it('is continued under one id until it is finished, and its output put together', async () => {
    const { asked, sessions } = scripted([
      { console: [['stdout', 'a']] },
      {
        console: [
          ['stderr', 'e'],
          ['media', { type: 'image/png' }],
          ['stdout', 'b'],
        ],
      },
      { status: 'finished', exitCode: 3, console: [['stdout', 'c']] },
    ]);
    const run = await runCode(sessions, 's', { mode: 'query', code: 'x' });
    expect(run).to.include({ stdout: 'abc', stderr: 'e', exitCode: 3 });
    expect(run.statuses).to.deep.equal(['continued', 'continued', 'finished']);
    expect(run.other).to.deep.equal([['media', { type: 'image/png' }]]);
    expect(asked.map((execution) => execution.mode)).to.deep.equal(['query', 'continue', 'continue']);
    expect(new Set(asked.map((execution) => execution.runId)).size).to.equal(1);
  });

  it('answers questions in their order and fails on one too many', async () => {
    const { asked, sessions } = scripted([
      { status: 'waiting-input' },
      { status: 'waiting-input' },
      { status: 'finished', exitCode: 0 },
    ]);
    await runCode(sessions, 's', { mode: 'query', code: 'x' }, { inputs: ['one', 'two'] });
    expect(asked.slice(1).map((execution) => [execution.mode, execution.code])).to.deep.equal([
      ['input', 'one'],
      ['input', 'two'],
    ]);
    let error: unknown;
    const endless = scripted([{ status: 'waiting-input' }]);
    await runCode(endless.sessions, 's', { mode: 'query', code: 'x' }).catch((thrown: unknown) => {
      error = thrown;
    });
    expect(String(error)).to.include('more input than the test provides');
  });

  it('ends at the deadline', async () => {
    let error: unknown;
    const endless = scripted([{ status: 'continued' }]);
    await runCode(endless.sessions, 's', { mode: 'query' }, { deadlineSeconds: 0.02 }).catch((thrown) => {
      error = thrown;
    });
    expect(error).to.be.instanceOf(WaitTimeout);
  });
});
