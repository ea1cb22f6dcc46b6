import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type OperatorHarness, startOperatorHarness } from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { parse } from 'yaml';
import { PROJECT_ROOT } from '../machine/provision.ts';

const MAIN = path.join(PROJECT_ROOT, 'cli/main.ts');

/** A command that runs, and what it has said. */
interface Running {
  child: ChildProcess;
  said: { stdout: string; stderr: string };
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

describe('the command against a real API server', function () {
  // Every command is a process of its own: a busy machine takes its time to start them.
  this.timeout(LAST_RESORT_MS);
  let harness: OperatorHarness;
  const folder = mkdtempSync(path.join(tmpdir(), 'e2e-commands-'));

  before(async () => {
    harness = await startOperatorHarness();
    await harness.environment('e2e');
    await harness.suite('alpha');
    await harness.suite('beta');
    await harness.suite('rare', { onDemand: true });
    harness.startOperator();
  });
  after(async () => {
    await harness?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(...args: string[]): Running {
    const env = {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      HOME: folder,
      KUBECONFIG: harness.plane.kubeconfigPath,
      E2E_NAMESPACE: harness.namespace,
      GITHUB_STEP_SUMMARY: path.join(folder, 'step.md'),
    };
    const child = spawn(process.execPath, [MAIN, ...args], { env, cwd: folder });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (data) => {
      said.stdout += String(data);
    });
    child.stderr.on('data', (data) => {
      said.stderr += String(data);
    });
    const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
      child.on('close', (code) => resolve({ code, ...said })),
    );
    return { child, said, ended };
  }
  const e2e = (...args: string[]) => start(...args).ended;

  /** The name of the run that a command has begun. */
  const nameIn = (running: Running, prefix: string) =>
    until('the command names its run', () => {
      const found = new RegExp(`TestRun \\S+/(${prefix}-\\S+)`).exec(running.said.stderr)?.[1];
      if (!found) throw new Error(running.said.stderr);
      return found;
    });

  let first = '';
  let second = '';

  it('runs suites: progress on stderr, the result alone on stdout, the verdict as exit code', async () => {
    const running = start('run', '-o', 'json');
    first = await nameIn(running, 'run');
    await harness.attempt(`${first}-alpha-1`, 'Passed');
    await harness.attempt(`${first}-beta-1`, 'Passed');
    const { code, stdout, stderr } = await running.ended;
    expect(code, stderr).to.equal(0);
    const { run, reports } = JSON.parse(stdout);
    expect(run.metadata.name).to.equal(first);
    expect(reports).to.have.length(2);
    expect(stderr).to.contain('✔ adds › two numbers').and.contain('alpha: Passed');
    expect(readFileSync(path.join(folder, 'step.md'), 'utf8')).to.contain(`## ✅ ${first}`);
  });

  it('ends with 1 when a suite fails, and gives JUnit', async () => {
    const running = start('run', '-o', 'junit');
    second = await nameIn(running, 'run');
    for (const [suite, verdict] of [
      ['alpha', 'Failed'],
      ['beta', 'Passed'],
    ] as const) {
      await harness.attempt(`${second}-${suite}-1`, verdict);
      // So that it is archived, as far as that is possible without a node.
      await harness.podEnded(await harness.pod(`${second}-${suite}-1`), 0);
    }
    const { code, stdout } = await running.ended;
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/^<\?xml/)
      .and.contain('expected 3 to equal 4');
  });

  it('ends with 2 for a suite that does not exist, and lists those that do; nothing is created', async () => {
    const { code, stderr } = await e2e('run', '--suites', 'gamma');
    expect(code).to.equal(2);
    expect(stderr).to.contain('"gamma"').and.contain('alpha').and.contain('rare');
    expect(JSON.parse((await e2e('list', '-o', 'json')).stdout)).to.have.length(2);
  });

  it('lists runs, newest first, and shows one', async () => {
    const { stdout } = await e2e('list');
    expect(stdout.indexOf(second)).to.be.greaterThan(0).and.below(stdout.indexOf(first));
    expect(JSON.parse((await e2e('list', '--failed', '-o', 'json')).stdout)).to.have.length(1);
    const shown = await e2e('show', second);
    expect(shown.code).to.equal(0);
    expect(shown.stdout).to.contain('SuitesFailed').and.contain('expected 3 to equal 4');
    expect(shown.stderr).to.equal('');
    const missing = await e2e('show', 'nobody');
    expect(missing.code).to.equal(2);
    expect(missing.stderr).to.contain('"nobody"').and.contain(second);
  });

  it('prints a result in every format that it has, and refuses others', async () => {
    // Not at once: its reports may be being archived.
    await until('both forms say the same', async () => {
      const [json, yaml] = await Promise.all(['json', 'yaml'].map((form) => e2e('show', second, '-o', form)));
      expect(parse(yaml?.stdout ?? '')).to.deep.equal(JSON.parse(json?.stdout ?? ''));
      return true;
    });
    const junit = await e2e('show', second, '-o', 'junit');
    expect(junit.code, junit.stderr).to.equal(0);
    expect(junit.stdout)
      .to.match(/^<\?xml/)
      .and.contain('adds › two numbers');
    const none = await e2e('list', '-o', 'junit');
    expect(none.code).to.equal(2);
    expect(none.stdout).to.equal('');
    expect(none.stderr).to.contain('Allowed choices are table, json, yaml.');
  });

  it('compares two runs, and ends with 1 because something broke', async () => {
    const { code, stdout } = await e2e('compare', first, second, '-o', 'json');
    expect(code).to.equal(1);
    expect(JSON.parse(stdout).broke).to.deep.include.members([
      {
        suite: 'alpha',
        file: 'area/file',
        title: 'adds › two numbers',
        before: 'passed',
        after: 'failed',
        secondsBefore: 0.1,
        secondsAfter: 0.1,
      },
    ]);
    expect((await e2e('compare', second, first)).code).to.equal(0);
  });

  it('knows which suites and tests are flaky', async () => {
    // A run enters the history of its suites after it has ended.
    const told = await until('the history has both runs', async () => {
      const { stdout } = await e2e('flaky');
      if (!/alpha +100 % +50 % +✘✔/.test(stdout)) throw new Error(stdout);
      return stdout;
    });
    expect(told).to.contain('adds › two numbers');
    const { suites } = JSON.parse((await e2e('flaky', '-o', 'json')).stdout);
    expect(suites.map((one: { suite: string }) => one.suite)).to.include('alpha');
  });

  it('leaves the run to the cluster on Ctrl-C, follows it again, and cancels it', async () => {
    const { stdout } = await e2e('run', '--suites', 'rare', '--detach');
    const name = stdout.trim();
    await harness.pod(`${name}-rare-1`);
    const watching = start('watch', name);
    await until('it follows', () => watching.said.stderr.includes('rare: started'));
    watching.child.kill('SIGINT');
    const { code, stderr } = await watching.ended;
    expect(code).to.equal(130);
    expect(stderr).to.contain(`e2e watch ${name}`);
    expect((await harness.getRun(name))?.status?.phase).to.equal('Running');
    const again = start('watch', name);
    await until('it follows', () => again.said.stderr.includes('rare: started'));
    expect((await e2e('cancel', name)).stdout).to.contain(`${name} is cancelled`);
    expect((await again.ended).code).to.equal(1);
    expect((await e2e('cancel', name)).stdout).to.contain('had already ended');
  });

  it('writes everything about a run into a folder', async () => {
    const out = path.join(folder, 'report');
    const { code, stdout, stderr } = await e2e('report', second, '--out', out);
    expect(code, stderr).to.equal(0);
    expect(stdout.trim()).to.equal(out);
    for (const file of ['run.json', 'junit.xml', 'ctrf.json', 'allure-results', 'summary.md']) {
      expect(existsSync(path.join(out, file)), file).to.equal(true);
    }
    const written = JSON.parse(readFileSync(path.join(out, 'run.json'), 'utf8'));
    expect(written.run.metadata.name).to.equal(second);
    expect(written).to.include.keys('faults', 'cluster', 'tested');
    expect(written.cluster.missing).to.deep.equal([]);
  });

  it('uses the namespace that is given', async () => {
    const { code, stderr } = await e2e('list', '--namespace', 'elsewhere');
    expect(code).to.equal(0);
    expect(stderr).to.contain('no TestRun matches');
  });
});
