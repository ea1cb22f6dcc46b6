import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { type ProgramCall, type ProgramEnd, runProgram } from './run-program.ts';

/** Milliseconds from the end of a timer to the end of a program. On a busy machine both are late. */
async function behindTimer(end: Promise<unknown>, ms: number): Promise<number> {
  const now = () => performance.now();
  const [endedAt, firedAt] = await Promise.all([end.then(now), delay(ms).then(now)]);
  return endedAt - firedAt;
}

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
    const end = run('sleep 30 & exec sleep 30', { deadlineMs: 200 });
    const lateMs = await behindTimer(end, 200);
    expect(await end).to.deep.include({ exitCode: undefined, timedOut: true });
    expect(lateMs).to.be.below(4_800);
  });

  it('that ignores SIGTERM is killed five seconds later', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'run-program-'));
    try {
      // Before its shell has set the trap, SIGTERM ends it.
      const trapped = path.join(folder, 'trapped');
      const script = 'trap "" TERM; : > "$TRAPPED"; while :; do sleep 0.1; done';
      const stop = new AbortController();
      const running = run(script, { env: { TRAPPED: trapped }, signal: stop.signal, deadlineMs: 600_000 });
      await until('the trap is set', () => existsSync(trapped));
      stop.abort();
      const lateMs = await behindTimer(running, 5_000);
      expect(await running).to.include({ exitCode: undefined, timedOut: false });
      expect(lateMs).to.be.within(-100, 4_000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends at once when the signal has already aborted', async () => {
    const end = await run('exec sleep 30', { signal: AbortSignal.abort() });
    expect(end).to.have.property('exitCode', undefined);
  });
});
