import { createHash, randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { type RunOptions, runCode, type WholeRun } from '../assertions/execution.ts';
import { expectFilesClosed } from '../assertions/open-files.ts';
import { expectRefusal } from '../assertions/refusal.ts';
import { noSessionOfThatName, notYourSession } from '../assertions/session-refusals.ts';
import { START_SECONDS } from '../clients/manager/session-watch.ts';
import type { Execution, ExecutionResult } from '../clients/manager/sessions.ts';
import { Inconclusive, measure } from '../evidence/record.ts';
import { type RunningSession, useWorld } from '../fixtures/world.ts';

const MIB = 1024 * 1024;
/** Executions in a row. */
const EXECUTIONS = 30;
/** Files that the agent may gain by them: a new connection, not one for each. */
const FILES = 10;

/**
 * The agent drops what a step of a batch prints before the next request of the client. A
 * separate test (known-issues.ts) covers that. So each step prints that it is ready until its file exists. The client makes
 * the file when it has seen that, however late its request is on a busy machine.
 */
const READY = 'ready for';
/** The step of a batch that waits, in an answer. */
const READY_STEP = new RegExp(`${READY} (start-[12])`, 'g');
/** Removes the files, as the "clean" command of a batch. */
const CLEAN = 'rm -f start-1 start-2';
/** First lines of a Python program that is a step. */
const WAIT = `import os, sys, time
while not os.path.exists("start-1"):
    print("${READY} start-1", file=sys.stderr, flush=True)
    time.sleep(0.1)
`;
/** Beginning of a shell command that is a step. */
const until = (file: string): string =>
  `until [ -e ${file} ]; do echo ${READY} ${file} >&2; sleep 0.1; done && `;

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

describe('execute code', () => {
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);
  let session: RunningSession;

  before('a session runs', async function () {
    this.timeout((START_SECONDS + 10) * 1000);
    session = await world().startSession(world().afterSuite);
  });

  const run = (first: Omit<Execution, 'runId'>, options?: RunOptions): Promise<WholeRun> =>
    runCode(world().user.sessions, session.id, first, options);
  const query = (code: string, options?: RunOptions): Promise<WholeRun> =>
    run({ mode: 'query', code }, options);
  /** Uploads files and runs them as a batch, whose steps wait for their files. */
  const batch = async (
    files: Record<string, string>,
    options: Execution['options'] = {},
  ): Promise<WholeRun> => {
    const { sessions } = world().user;
    await sessions.upload(session.id, files);
    const started = new Set<string>();
    const startReady = async ({ console }: ExecutionResult): Promise<void> => {
      for (const [, content] of console ?? []) {
        for (const [, file = ''] of String(content).matchAll(READY_STEP)) {
          if (started.has(file)) continue;
          started.add(file);
          await sessions.upload(session.id, { [file]: 'go' });
        }
      }
    };
    return run(
      { mode: 'batch', options: { clean: CLEAN, build: '', exec: '*', ...options } },
      { onAnswer: startReady },
    );
  };

  describe('as a query', () => {
    it('returns the value of an expression', async () => {
      const done = await query('6 * 7');
      measure('query', done.seconds, 's');
      expect(done).to.include({ stdout: '42', stderr: '', exitCode: 0 });
      expect(done.statuses.at(-1)).to.equal('finished');
    });

    it('computes the SHA-256 of a fresh random number', async () => {
      const nonce = randomBytes(16).toString('hex');
      const done = await query(`import hashlib\nprint(hashlib.sha256(b"${nonce}").hexdigest())`);
      expect(done.stdout.trim()).to.equal(sha256(nonce));
    });

    it('computes inside the container of the session', async () => {
      const { database } = world();
      const [kernel] = await database.kernels(session.id);
      const names = ['BACKENDAI_SESSION_ID', 'BACKENDAI_KERNEL_ID', 'BACKENDAI_SESSION_NAME'];
      const code = `import json, os, socket
print(json.dumps([os.environ[name] for name in ${JSON.stringify(names)}] + [os.getuid(), open("/proc/1/cmdline").read()]))`;
      const seen: unknown[] = JSON.parse((await query(code)).stdout);
      expect(seen.slice(0, 4)).to.deep.equal([session.id, kernel?.id, session.name, 1000]);
      const container = await world()
        .observer(kernel?.agent ?? '')
        .container(kernel?.container_id ?? '');
      expect(container?.state.Running, 'the container that says so runs on the agent').to.equal(true);
    });

    it('keeps stdout and stderr apart, each in order', async () => {
      const done = await query(`import sys
for i in range(3):
    print("out", i)
    print("err", i, file=sys.stderr)`);
      expect(done.stdout).to.equal('out 0\nout 1\nout 2\n');
      expect(done.stderr).to.equal('err 0\nerr 1\nerr 2\n');
      expect(done.exitCode).to.equal(0);
    });

    it('reports an exception with its traceback, and continues afterwards', async () => {
      const failed = await query('def broken():\n    return 1 / 0\nprint("before")\nbroken()');
      expect(failed.exitCode).to.equal(1);
      expect(failed.stdout).to.equal('before\n');
      expect(failed.stderr)
        .to.include('Traceback')
        .and.to.include('ZeroDivisionError')
        .and.to.include('broken');
      expect((await query('"still " + "there"')).stdout).to.equal("'still there'");
    });

    it('reports the exit code of sys.exit', async () => {
      expect((await query('import sys\nsys.exit(3)')).exitCode).to.equal(3);
      expect((await query('import sys\nsys.exit(0)')).exitCode).to.equal(0);
    });

    it('keeps variables and imports from query to query', async () => {
      const value = randomBytes(8).toString('hex');
      await query(`import base64\nkept = "${value}"`);
      expect((await query('base64.b64encode(kept.encode()).decode()')).stdout).to.equal(
        `'${Buffer.from(value).toString('base64')}'`,
      );
    });

    it('returns Unicode and large output without loss', async () => {
      const done = await query('for i in range(5000): print(f"{i:05d} żółć 한국어 🚀")', {
        deadlineSeconds: 60,
      });
      const lines = done.stdout.trimEnd().split('\n');
      expect(lines).to.have.length(5000);
      expect(lines.at(-1)).to.equal('04999 żółć 한국어 🚀');
      expect(sha256(done.stdout)).to.equal(
        sha256([...Array(5000).keys()].map((i) => `${String(i).padStart(5, '0')} żółć 한국어 🚀\n`).join('')),
      );
    });

    it('runs for several seconds: continue returns the rest of the same run', async () => {
      const done = await query(
        'import time\nfor i in range(6):\n    print("step", i, flush=True)\n    time.sleep(1)',
      );
      expect(done.seconds).to.be.within(6, 30);
      expect(done.statuses.slice(0, -1)).to.include('continued');
      expect(done.statuses.at(-1)).to.equal('finished');
      expect([...done.runIds]).to.have.length(1);
      expect(done.stdout).to.equal('step 0\nstep 1\nstep 2\nstep 3\nstep 4\nstep 5\n');
    });

    it('can be interrupted in an endless loop, and keeps its variables', async () => {
      let interrupts = 0;
      const done = await query('survivor = 17\nwhile True:\n    survivor += 0', {
        onAnswer: async () => {
          interrupts += 1;
          await world().user.sessions.interrupt(session.id);
        },
      });
      expect(interrupts).to.be.at.least(1);
      expect(done.exitCode).to.equal(1);
      expect(done.stderr).to.include('KeyboardInterrupt');
      expect((await query('survivor')).stdout).to.equal('17');
    });

    it('asks for input and gets it', async () => {
      const done = await query('name = input("who? ")\nprint("hello", name)', { inputs: ['wörld'] });
      expect(done.statuses).to.include('waiting-input');
      expect(done.stdout).to.equal('who? hello wörld\n');
      expect(done.exitCode).to.equal(0);
    });
  });

  describe('with files', () => {
    it('reads uploaded files', async () => {
      // The largest file that the API accepts is below 1 MiB (SessionService.upload_files).
      const content = randomBytes(MIB - 1);
      await world().user.sessions.upload(session.id, { 'data.bin': content });
      const done = await query(
        'import hashlib\nprint(hashlib.sha256(open("/home/work/data.bin", "rb").read()).hexdigest())',
      );
      expect(done.stdout.trim()).to.equal(sha256(content));
    });

    it('lists and downloads files that the code wrote', async () => {
      const text = `made ${randomBytes(8).toString('hex')}\n`;
      await query(`open("/home/work/result.txt", "w").write(${JSON.stringify(text)})`);
      const { sessions } = world().user;
      const listed = (await sessions.files(session.id)).find((file) => file.filename === 'result.txt');
      expect(listed?.size).to.equal(text.length);
      expect((await sessions.download(session.id, 'result.txt')).toString()).to.include(text);
    });

    it('refuses a file of 1 MiB and keeps nothing of it', async () => {
      const { sessions } = world().user;
      await expectRefusal(sessions.upload(session.id, { 'large.bin': randomBytes(MIB) }), {
        status: 400,
        kind: 'generic-bad-request',
        msg: 'Too large file',
      });
      expect((await sessions.files(session.id)).map((file) => file.filename)).not.to.include('large.bin');
    });
  });

  describe('as a batch', () => {
    it('runs main.py to exit code 0', async () => {
      const nonce = randomBytes(8).toString('hex');
      const done = await batch({
        'main.py': `${WAIT}import hashlib\nprint(hashlib.sha256(b"${nonce}").hexdigest())\nprint("note", file=sys.stderr)\n`,
      });
      expect(done).to.include({ exitCode: 0, stdout: `${sha256(nonce)}\n` });
      expect(done.stderr).to.include('note');
      expect(done.statuses.at(-1)).to.equal('finished');
    });

    it('reports a non-zero exit code and the output before it', async () => {
      const done = await batch({
        'main.py': `${WAIT}print("almost")\nprint("sorry", file=sys.stderr)\nsys.exit(7)\n`,
      });
      expect(done).to.include({ exitCode: 7, stdout: 'almost\n' });
      expect(done.stderr).to.include('sorry');
    });

    it('reports an uncaught exception as exit code 1 with its traceback', async () => {
      const done = await batch({ 'main.py': `${WAIT}raise ValueError("not this one")\n` });
      expect(done.exitCode).to.equal(1);
      expect(done.stderr).to.include('Traceback').and.to.include('ValueError: not this one');
    });

    it('builds with one command and runs another', async () => {
      const done = await batch(
        { 'part.txt': 'built from a part\n' },
        {
          build: `${until('start-1')}tr a-z A-Z < part.txt > whole.txt && echo built`,
          exec: `${until('start-2')}cat whole.txt`,
        },
      );
      expect(done.statuses).to.include('build-finished');
      expect(done.stdout).to.equal('built\nBUILT FROM A PART\n');
      expect(done.exitCode).to.equal(0);
    });

    it('runs for several seconds', async () => {
      const done = await batch({
        'main.py': `${WAIT}for i in range(4):\n    print(i, flush=True)\n    time.sleep(1)\n`,
      });
      expect(done.seconds).to.be.within(5, 30);
      expect(done.statuses).to.include('continued');
      expect(done).to.include({ stdout: '0\n1\n2\n3\n', exitCode: 0 });
    });
  });

  it('leaves no file open in the agent', async function () {
    this.timeout(120_000);
    const [kernel] = await world().database.kernels(session.id);
    const agent = world().connection.agents.find(({ id }) => id === kernel?.agent);
    if (!agent) throw new Inconclusive(`agent ${kernel?.agent} is not in the connection`);
    const work = async () => {
      for (let number = 0; number < EXECUTIONS; number += 1) await query(String(number));
    };
    await query('0');
    const limit = { who: `agent ${agent.id}`, url: agent.httpUrl, most: FILES };
    await expectFilesClosed(this, world().connection, limit, work);
  });

  describe('is refused', () => {
    it('to another user', async () => {
      const strange = world().user2.sessions.execute(session.id, { mode: 'query', runId: 'x', code: '1' });
      const { version } = world().connection;
      await expectRefusal(strange, notYourSession(version, session.id));
      await expectRefusal(world().user2.sessions.get(session.name), noSessionOfThatName(version));
    });
  });
});
