import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { CommandError, command, commandWithRetry, looksLikeNetworkTrouble } from './command.ts';
import { isAlive } from './lock.ts';
import type { Provision } from './provision.ts';

/** Ended, but not yet collected by the machine's init process, which may take its time. */
function isZombie(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

describe('a command', () => {
  let cacheDir: string;
  let controller: AbortController;
  let lines: string[];
  let p: Provision;
  beforeEach(() => {
    cacheDir = mkdtempSync(path.join(tmpdir(), 'command-'));
    controller = new AbortController();
    lines = [];
    p = { cacheDir, signal: controller.signal, log: (line) => lines.push(line) };
  });
  afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

  const failure = async (work: Promise<unknown>): Promise<Error> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof Error) return error;
    }
    throw new Error('it did not fail');
  };
  /** A shell that starts a child, writes down the child's process id and waits for it. */
  const withChild = (): string => `sleep 60 & echo $! > '${cacheDir}/child'; wait`;
  const childEnds = async (): Promise<void> => {
    const child = Number(readFileSync(path.join(cacheDir, 'child'), 'utf8'));
    const deadline = Date.now() + 3_000;
    while (isAlive(child) && !isZombie(child)) {
      if (Date.now() > deadline) throw new Error(`process ${child} still runs`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('returns its standard output, and passes both streams to a listener', async () => {
    const heard: string[] = [];
    const out = await command(p, 'sh', ['-c', 'echo one; echo two >&2; echo three'], {
      onLine: (line) => heard.push(line),
    });
    expect(out).to.equal('one\nthree');
    expect(heard).to.have.members(['one', 'two', 'three']);
  });
  it('says how it failed, with the end of its output and where to read more', async () => {
    const error = await failure(command(p, 'sh', ['-c', 'echo no space left >&2; exit 3'], { log: 'try' }));
    expect(error).to.be.instanceOf(CommandError);
    expect(error.message).to.include('ended with code 3').and.include('no space left').and.include('try.log');
    expect(readFileSync(path.join(cacheDir, 'logs/try.log'), 'utf8')).to.include('no space left');
  });
  it('says that it could not be started', async () => {
    const error = await failure(command(p, 'no-such-command-of-ours', []));
    expect(error.message).to.include('could not be started');
  });
  it('is ended with everything it started when its time is over', async () => {
    const error = await failure(command(p, 'sh', ['-c', withChild()], { timeoutSeconds: 0.3 }));
    expect(error.message).to.include('did not end within 0.3 s');
    await childEnds();
  });
  it('is ended with everything it started on an interruption', async () => {
    const running = failure(command(p, 'sh', ['-c', withChild()]));
    // The file exists before its content does.
    const child = path.join(cacheDir, 'child');
    const started = () => existsSync(child) && readFileSync(child, 'utf8').endsWith('\n');
    while (!started()) await new Promise((resolve) => setTimeout(resolve, 10));
    controller.abort(new Error('Ctrl-C'));
    expect((await running).message).to.equal('Ctrl-C');
    await childEnds();
  });
  it('waits for its children where they have to finish', async () => {
    const done = path.join(cacheDir, 'done');
    const child = `sh -c 'sleep 0.4; echo > ${done}' >/dev/null 2>&1 & echo started; wait`;
    const running = failure(
      command(p, 'sh', ['-c', child], {
        childrenFinishSeconds: 5,
        onLine: () => controller.abort(new Error('Ctrl-C')),
      }),
    );
    expect((await running).message).to.equal('Ctrl-C');
    expect(existsSync(done), 'the child finished').to.equal(true);
  });
  it('that prints nothing is given up early where a first line is due', async () => {
    const error = await failure(command(p, 'sleep', ['20'], { firstLineSeconds: 0.2 }));
    expect(error.message).to.include('printed nothing within 0.2 s');
  });
  it('is tried again after trouble of the network, and only then', async () => {
    const flaky = `test -e '${cacheDir}/again' && exit 0; touch '${cacheDir}/again'; echo read: connection reset by peer >&2; exit 1`;
    await commandWithRetry(p, 'sh', ['-c', flaky]);
    expect(lines).to.have.length(1);
    const error = await failure(commandWithRetry(p, 'sh', ['-c', 'echo syntax error >&2; exit 1']));
    expect(error.message).to.include('syntax error');
    expect(lines).to.have.length(1);
  });
  it('knows trouble of the network by what tools print', () => {
    expect(looksLikeNetworkTrouble('dial tcp 10.0.0.1:443: i/o timeout')).to.equal(true);
    expect(looksLikeNetworkTrouble('E: Failed to fetch http://mirror/x.deb')).to.equal(true);
    expect(looksLikeNetworkTrouble('undefined: foo')).to.equal(false);
  });
});
