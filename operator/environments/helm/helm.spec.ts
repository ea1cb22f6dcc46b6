import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rejection } from '@backendai-e2e/tools/envtest/waits/rejection';
import { expect } from 'chai';
import { ChartNotFoundError, chartDigest, installationHash } from './chart.ts';
import { HelmError, runHelm, uninstallArguments, upgradeArguments } from './helm.ts';

describe('helm', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'e2e-helm-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function binary(script: string): string {
    const path = join(folder, `helm-${Math.random().toString(36).slice(2)}`);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  function run(script: string, changes: Partial<Parameters<typeof runHelm>[0]> = {}, input = '') {
    const call = { binary: binary(script), kubeconfig: undefined, deadlineMs: 5_000 };
    const { signal } = new AbortController();
    return runHelm({ ...call, signal, ...changes }, ['upgrade', '--install', 'e2e'], input);
  }

  async function failure(work: Promise<unknown>): Promise<HelmError> {
    const error = await rejection(work);
    if (!(error instanceof HelmError)) throw new Error(`it was no HelmError: ${String(error)}`);
    return error;
  }

  it('gets its arguments, the kubeconfig, and the values on stdin', async () => {
    const seen = join(folder, 'seen');
    await run(`echo "$@" > ${seen}; cat >> ${seen}`, { kubeconfig: '/some/config' }, 'password: secret');
    expect(readFileSync(seen, 'utf8')).to.equal(
      'upgrade --install e2e --kubeconfig /some/config\npassword: secret',
    );
  });

  it('does not wait for pods and never creates the namespace', () => {
    const args = upgradeArguments('e2e', '/charts/backend-ai', 'bai-e2e');
    expect(args.slice(0, 4)).to.deep.equal(['upgrade', '--install', 'e2e', '/charts/backend-ai']);
    expect(args).to.include.members(['--create-namespace=false', '--namespace', 'bai-e2e']);
    expect(args.some((argument) => argument.startsWith('--wait'))).to.equal(false);
    expect(uninstallArguments('e2e', 'bai-e2e')).to.include('--ignore-not-found');
  });

  it("fails with helm's last output", async () => {
    const error = await failure(run('echo "Error: values do not fit" >&2; exit 1'));
    expect(error.message).to.equal('helm upgrade --install: Error: values do not fit');
    expect(error.transient).to.equal(false);
  });

  for (const said of [
    'dial tcp: connection refused',
    'etcdserver: request timed out',
    '429 Too Many Requests',
  ]) {
    it(`is worth another try after "${said}"`, async () => {
      expect(await failure(run(`echo "Error: ${said}" >&2; exit 1`))).to.have.property('transient', true);
    });
  }

  it('is stopped at its deadline', async () => {
    const error = await failure(run('echo working >&2; exec sleep 30', { deadlineMs: 300 }));
    expect(error.message).to.include('did not end within 0.3 s; working');
  });

  it('is stopped when the operator stops', async () => {
    const stop = new AbortController();
    const work = run('exec sleep 30', { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('stopping')), 50);
    const error = await work.catch((reason: unknown) => reason);
    expect(error).to.have.property('message', 'stopping');
  });

  it('reports a missing program', async () => {
    const error = await failure(run('', { binary: join(folder, 'no-helm') }));
    expect(error.message).to.include('no-helm');
  });

  describe('charts', () => {
    before(() => {
      mkdirSync(join(folder, 'charts/one/templates'), { recursive: true });
      writeFileSync(join(folder, 'charts/one/Chart.yaml'), 'name: one');
    });

    it('have a digest of all their files', async () => {
      const charts = join(folder, 'charts');
      const first = await chartDigest(charts, 'one');
      expect(await chartDigest(charts, 'one')).to.equal(first);
      writeFileSync(join(charts, 'one/templates/a.yaml'), 'a: 1');
      expect(await chartDigest(charts, 'one')).not.to.equal(first);
    });

    it('that do not exist lead to a list of those that do', async () => {
      const error = await chartDigest(join(folder, 'charts'), 'two').catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ChartNotFoundError);
      expect(error).to.have.property('message', 'the operator carries no chart two; it has: one');
    });

    it('are reinstalled for other values, not for another order of keys', () => {
      const hash = installationHash('one', 'digest', { a: 1, b: { c: [1, 2], d: 2 } });
      expect(installationHash('one', 'digest', { b: { d: 2, c: [1, 2] }, a: 1 })).to.equal(hash);
      expect(installationHash('one', 'digest', { a: 1, b: { c: [2, 1], d: 2 } })).not.to.equal(hash);
      expect(installationHash('one', 'other', { a: 1, b: { c: [1, 2], d: 2 } })).not.to.equal(hash);
    });
  });
});
