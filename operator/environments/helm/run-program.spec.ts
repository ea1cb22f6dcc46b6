import { expect } from 'chai';
import { type ProgramCall, type ProgramEnd, runProgram } from './run-program.ts';

describe('a program', () => {
  const run = (script: string, changes: Partial<ProgramCall> = {}): Promise<ProgramEnd> =>
    runProgram({
      program: 'sh',
      args: ['-c', script],
      input: '',
      env: {},
      signal: new AbortController().signal,
      deadlineMs: 10_000,
      ...changes,
    });

  it('gets its input and its variables, and returns its exit code', async () => {
    const end = await run('read -r line; echo "$line $GIVEN" >&2; exit 3', {
      input: 'one\n',
      env: { GIVEN: 'two' },
    });
    expect(end).to.deep.equal({ exitCode: 3, stdout: '', stderr: 'one two\n', timedOut: false });
  });

  it('returns its stdout only if that is asked for', async () => {
    expect((await run('echo one')).stdout).to.equal('');
    expect((await run('echo one', { output: true })).stdout).to.equal('one\n');
  });

  it('may end without reading its input', async () => {
    expect(await run('exit 0', { input: 'x'.repeat(4 * 1024 * 1024) })).to.have.property('exitCode', 0);
  });

  it('may write more than is kept; the end is kept', async () => {
    const { stderr } = await run('head -c 300000 /dev/zero | tr "\\0" x >&2; echo end >&2');
    expect(stderr)
      .to.have.length(64 * 1024)
      .and.match(/xend\n$/);
  });

  it('that is stopped is not waited for when a child holds its output', async () => {
    const began = performance.now();
    const end = await run('sleep 30 & exec sleep 30', { deadlineMs: 200 });
    expect(end).to.deep.include({ exitCode: undefined, timedOut: true });
    expect(performance.now() - began).to.be.below(5_000);
  });

  it('that ignores SIGTERM is killed five seconds later', async () => {
    const began = performance.now();
    await run('trap "" TERM; while :; do sleep 0.1; done', { deadlineMs: 100 });
    expect(performance.now() - began).to.be.within(5_000, 9_000);
  }).timeout(15_000);

  it('ends at once when the signal has already aborted', async () => {
    const end = await run('exec sleep 30', { signal: AbortSignal.abort() });
    expect(end).to.have.property('exitCode', undefined);
  });
});
