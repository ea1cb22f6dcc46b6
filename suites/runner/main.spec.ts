import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestReportStatus } from '@backendai-e2e/api/test-report';
import { parseTestLine } from '@backendai-e2e/results/printed-output';
import { expect } from 'chai';

interface Write {
  method: string;
  url: string;
  type: string;
  status: TestReportStatus;
  at: number;
}

interface Ended {
  code: number | null;
  out: string;
  err: string;
  writes: Write[];
  last: TestReportStatus;
}

const SAMPLE_LIST = fileURLToPath(new URL('./fixtures/known-issues.yaml', import.meta.url));
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

describe('the runner', () => {
  let server: Server;
  let writes: Write[] = [];
  let folder = '';
  let answerCode = 200;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'runner-spec-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    writes = [];
    answerCode = 200;
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body: { status: TestReportStatus } = JSON.parse(Buffer.concat(chunks).toString());
        const { method = '', url = '' } = request;
        const type = request.headers['content-type'] ?? '';
        writes.push({ method, url, type, status: body.status, at: performance.now() });
        response.writeHead(answerCode, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const run = async (
    sample: string,
    more: Record<string, string> = {},
    signalWhen?: (status: TestReportStatus) => boolean,
  ): Promise<Ended> => {
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, [MAIN], {
      env: {
        E2E_FILES: JSON.stringify([`runner/fixtures/${sample}`]),
        ...{ E2E_SUITE: sample, E2E_POD: 'pod-1' },
        ...{ E2E_REPORT: 'run-sample-1', E2E_NAMESPACE: 'testing' },
        E2E_API_SERVER: `http://127.0.0.1:${port}`,
        // As in a pod, whose image has the compiled sources.
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
        ...more,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const poll = setInterval(() => {
      if (signalWhen && writes.some((write) => signalWhen(write.status))) {
        clearInterval(poll);
        child.kill('SIGTERM');
      }
    }, 20);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearInterval(poll);
    return { code, out, err, writes, last: writes.at(-1)?.status ?? {} };
  };
  const lines = (ended: Ended) => ended.out.split('\n').flatMap((line) => parseTestLine(line) ?? []);
  const states = (ended: Ended) => ended.last.tests?.map((test) => test.state);

  for (const code of [0, 2, 128]) {
    it(`ends with 1 and says why when a test ends the process with ${code}`, async () => {
      const ended = await run('exits', { EXIT_WITH: String(code) });
      expect(ended.code).to.equal(1);
      expect(ended.err).to.contain(`the process ended with code ${code} during ends the process › at once`);
      expect(ended.last.final).not.to.equal(true);
    });
  }

  it('reports a suite that passes in the status and on stdout', async () => {
    const ended = await run('pass');
    expect(ended.code, ended.err).to.equal(0);
    expect(ended.last).to.include({ final: true, verdict: 'Passed', pod: 'pod-1' });
    expect(ended.last.counts).to.include({ total: 3, passed: 2, pending: 1, failed: 0 });
    const [measured, ...others] = ended.last.measurements ?? [];
    expect(measured).to.include({ name: 'sum', value: 2, unit: 'apples' });
    expect(others).to.deep.equal([]);
    expect(lines(ended)).to.deep.equal(
      ended.last.tests?.map(({ state, title, seconds }) => ({ state, title, seconds })),
    );
    const [first] = ended.last.tests ?? [];
    expect(first).to.include({ file: 'runner/fixtures/pass', title: 'passing sample › adds' });
  });

  it('says when each test and each long hook began', async () => {
    const { last, err } = await run('slow-hooks');
    const since = (at = '') => (Date.parse(at) - Date.parse(last.startedAt ?? '')) / 1000;
    const [passed, pending, hook, never] = last.tests ?? [];
    expect(last.hooks, err).to.have.length(1);
    expect(last.hooks?.[0]?.title).to.include('prepares for long');
    expect(last.waits?.map(({ what }) => what)).to.deep.equal(['an answer', 'the deployment']);
    expect(last.waits?.[1]?.title).to.include('prepares for long');
    expect(last.hooks?.[0]?.seconds).to.be.above(0.2);
    expect(since(last.hooks?.[0]?.startedAt)).to.be.at.least(0);
    expect(since(passed?.startedAt)).to.be.above(since(last.hooks?.[0]?.startedAt) + 0.2);
    expect(hook?.title).to.include('"before all" hook');
    expect(since(hook?.startedAt)).to.be.at.least(since(passed?.startedAt));
    expect(pending, 'a test that the suite skips never begins').not.to.have.property('startedAt');
    expect(never, 'a test behind a broken hook never begins').not.to.have.property('startedAt');
  });

  it('writes the status of its report by server-side apply with its own field manager', async () => {
    const ended = await run('pass');
    for (const write of ended.writes) {
      expect(write).to.include({
        method: 'PATCH',
        type: 'application/apply-patch+yaml',
        url: '/apis/e2e.backend.ai/v1alpha1/namespaces/testing/testreports/run-sample-1/status?fieldManager=backendai-e2e-runner&force=true',
      });
    }
  });

  it('reports failures with their last requests and without secrets', async () => {
    const ended = await run('fail');
    expect(ended.code).to.equal(1);
    expect(ended.last.verdict).to.equal('Failed');
    expect(states(ended)).to.deep.equal(['passed', 'failed', 'failed', 'interrupted']);
    expect(ended.last.counts).to.include({ total: 4, passed: 1, failed: 2, interrupted: 1 });
    const error = ended.last.tests?.[1]?.error ?? '';
    expect(error).to.include('deeply equal').and.to.include('GET /sample').and.to.include('fail.ts');
    expect(ended.last.tests?.[2]?.title).to.include('"before all" hook');
    expect(JSON.stringify(ended.writes) + ended.out + ended.err).not.to.include('sample-secret-value');
  });

  it('masks secrets of the connection in all output of a suite', async () => {
    const password = 'canary/pass"word-7f3a';
    const connection = join(folder, 'leaky.json');
    writeFileSync(connection, JSON.stringify({ version: '1', postgres: { password } }));
    const ended = await run('leaky', { E2E_CONNECTION: connection });
    expect(ended.last.final).to.equal(true);
    expect(ended.last.counts?.failed).to.be.greaterThan(1);
    expect(ended.out).to.include('log •••').and.include('bytes •••');
    expect(ended.err).to.include('error •••').and.include('warning •••').and.include('\nchild •••');
    expect(ended.out).to.include('parts •••').and.include('Basic •••').and.include('hex •••');
    expect(ended.out).to.include('sync child •••').and.include('file child •••');
    expect(ended.out).to.include('\nsync •••').and.include('\nwhole •••').and.include('\nstream •••');
    expect(ended.err).to.include('\nsync •••').and.include('\npath •••');
    for (const encoding of ['base64', 'hex'] as const)
      expect(ended.out).not.to.include(Buffer.from(password).toString(encoding).slice(4, 12));
    const everything = JSON.stringify(ended.writes) + ended.out + ended.err;
    expect(everything).not.to.include('canary').and.not.to.include('7f3a');
  });

  it('masks secrets in an uncaught error that ends the process', async () => {
    const connection = join(folder, 'crash.json');
    writeFileSync(connection, JSON.stringify({ version: '1', postgres: { password: 'canary-7f3a' } }));
    const ended = await run('crash', { E2E_CONNECTION: connection });
    expect(ended.code).not.to.equal(0);
    expect(ended.err).to.include('crashed with •••');
    expect(JSON.stringify(ended.writes) + ended.out + ended.err).not.to.include('7f3a');
  });

  it('ends Inconclusive when a test cannot observe what it claims', async () => {
    const ended = await run('unsure');
    expect(ended.code).to.equal(1);
    expect(ended.last.verdict).to.equal('Inconclusive');
    expect(states(ended)).to.deep.equal(['passed', 'inconclusive']);
  });

  const known = (version: string): Record<string, string> => {
    const connection = join(folder, 'connection.json');
    writeFileSync(connection, JSON.stringify({ version }));
    return { E2E_CONNECTION: connection, E2E_KNOWN_ISSUES: SAMPLE_LIST };
  };

  it('reports a test that fails as listed as a known issue, and does not fail', async () => {
    const ended = await run('known', { ...known('1.0.0'), E2E_GREP: 'passes$|as listed' });
    expect(ended.code, ended.err).to.equal(0);
    expect(states(ended)).to.deep.equal(['passed', 'known-issue']);
    expect(ended.last).to.include({ final: true, verdict: 'KnownIssue', reason: 'FailedAsListed' });
    expect(ended.last.counts).to.include({ total: 2, passed: 1, failed: 0, knownIssue: 1 });
    expect(ended.out).to.include('≈ known sample › fails as listed');
    expect(lines(ended).map(({ state }) => state)).to.deep.equal(states(ended));
  });

  it('fails for a listed test that passes, has another error, or has expired', async () => {
    const ended = await run('known', known('1.0.0'));
    expect([ended.code, ended.last.verdict]).to.deep.equal([1, 'Failed']);
    expect(states(ended)).to.deep.equal(['passed', 'known-issue', 'failed', 'failed', 'failed']);
    const errors = ended.last.tests?.map((test) => test.error ?? '') ?? [];
    expect(errors[2]).to.include('fails with another error').and.to.include('pears');
    expect(errors[3]).to.include('but passes: give its release in fixedIn, in suites/known-issues');
    expect(errors[4]).to.include('expired on 2020-02-29');
  });

  it('applies the list to the listed versions only', async () => {
    const ended = await run('known', known('1.0.1'));
    expect(states(ended)).to.deep.equal(['passed', 'failed', 'failed', 'passed', 'failed']);
  });

  it('reports an invalid list', async () => {
    const list = join(folder, 'list.yaml');
    writeFileSync(list, 'issues: [{}]');
    const ended = await run('pass', { E2E_KNOWN_ISSUES: list });
    expect([ended.code, ended.last.reason]).to.deep.equal([2, 'CouldNotRun']);
    expect(ended.last.message).to.include('issues[0]');
  });

  it('ends a hanging suite at its deadline, reports open tests, and still cleans up', async () => {
    const began = performance.now();
    await run('pass');
    // The deadline includes the start, which takes longer on a busy machine.
    const deadline = Math.ceil((3 * (performance.now() - began)) / 1000) + 2;
    const ended = await run('hang', { E2E_TIMEOUT_SECONDS: String(deadline) });
    expect(ended.code).to.equal(1);
    expect(ended.last).to.include({ final: true, verdict: 'Interrupted', reason: 'DeadlineExceeded' });
    expect(states(ended)).to.deep.equal(['passed', 'interrupted', 'interrupted']);
    expect(ended.last.tests?.[1]?.seconds).to.be.within(0.001, deadline + 0.2);
    expect(ended.out).to.include('sample cleaned up');
  });

  it('reports at SIGTERM too, and names the current test before', async () => {
    const hangs = (status: TestReportStatus) => status.current === 'hanging sample › hangs';
    const ended = await run('hang', {}, hangs);
    expect(ended.code).to.equal(1);
    expect(ended.last).to.include({ final: true, verdict: 'Interrupted', reason: 'Terminated' });
    expect(states(ended)).to.deep.equal(['passed', 'interrupted', 'interrupted']);
    expect(ended.out).to.include('sample cleaned up');
  });

  it('reports a file that cannot be loaded', async () => {
    const ended = await run('import-error');
    expect(ended.code).to.equal(2);
    expect(ended.last).to.include({ final: true, verdict: 'Failed', reason: 'CouldNotRun' });
    expect(ended.last.message).to.include('runner/fixtures/import-error').and.to.include('cannot be loaded');
  });

  it('ends with NoTests for an empty file and for a pattern without a match', async () => {
    const empty = await run('none');
    expect([empty.code, empty.last.verdict]).to.deep.equal([3, 'NoTests']);
    const unmatched = await run('pass', { E2E_GREP: 'no such title' });
    expect([unmatched.code, unmatched.last.verdict]).to.deep.equal([3, 'NoTests']);
  });

  it('runs only tests that match the pattern', async () => {
    const ended = await run('fail', { E2E_GREP: 'sample › passes first$' });
    expect(ended.code).to.equal(0);
    expect(ended.last.tests?.map((test) => test.title)).to.deep.equal(['failing sample › passes first']);
  });

  it('reports invalid settings', async () => {
    const ended = await run('pass', { E2E_FILES: '["../../etc/passwd"]' });
    expect(ended.code).to.equal(2);
    expect(ended.last).to.include({ reason: 'CouldNotRun' });
    expect(ended.last.message).to.include('E2E_FILES');
  });

  it('retries a refusal at its start, because its rights may arrive after its Job', async () => {
    answerCode = 403;
    setTimeout(() => {
      answerCode = 200;
    }, 1_500);
    const ended = await run('pass');
    expect(ended.code).to.equal(0);
    expect(ended.last).to.include({ final: true, verdict: 'Passed' });
  });

  it('does not succeed when its report is refused', async () => {
    answerCode = 403;
    const ended = await run('pass');
    expect(ended.code).to.equal(2);
    expect(ended.err).to.include('403');
  });
});
