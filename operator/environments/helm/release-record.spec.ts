import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import { installedBuild } from './release-record.ts';

const COMMIT = 'c0032c47aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';

function pod(message: string | undefined, container = 'release-record'): Pod {
  const terminated = { exitCode: 0, ...(message === undefined ? {} : { message }) };
  const status = { name: container, image: 'i', imageID: 'sha256:a', ready: true, restartCount: 0 };
  return {
    metadata: { name: 'p' },
    status: { initContainerStatuses: [{ ...status, state: { terminated } }] },
  };
}

describe('what is installed as a component', () => {
  const record = {
    manager: { version: '26.9.0' },
    agent: { version: '26.9.6', commit: COMMIT, modified: true },
  };

  it("is what the pod's first container says of that component", () => {
    expect(installedBuild('manager', [pod(JSON.stringify(record))])).to.deep.equal({ version: '26.9.0' });
    expect(installedBuild('agent', [pod(JSON.stringify(record))])).to.deep.equal(record.agent);
  });
  it('is what the newest pod says that says it', () => {
    const older = pod(JSON.stringify({ manager: { version: '26.8.3' } }));
    expect(installedBuild('manager', [pod(undefined), pod(JSON.stringify(record)), older])?.version).to.equal(
      '26.9.0',
    );
  });
  it('is not known where no pod says it', () => {
    expect(installedBuild('manager', [])).to.equal(undefined);
    expect(installedBuild('webserver', [pod(JSON.stringify(record))])).to.equal(undefined);
    expect(installedBuild('manager', [pod(JSON.stringify(record), 'prepare-data')])).to.equal(undefined);
  });
  it('is not known where the message holds something else', () => {
    for (const build of [
      null,
      'x',
      [],
      {},
      { version: 26 },
      { version: '<b>' },
      { version: `26.9.6+${'1'.repeat(99)}` },
    ]) {
      expect(
        installedBuild('manager', [pod(JSON.stringify({ manager: build }))]),
        JSON.stringify(build),
      ).to.equal(undefined);
    }
    for (const text of ['', '{', 'null', '[]', '"manager"']) {
      expect(installedBuild('manager', [pod(text)]), text).to.equal(undefined);
    }
  });
  it('leaves out a commit or a state of another form', () => {
    const odd = { manager: { version: '26.9.6', commit: 'main; rm', modified: 'yes' } };
    expect(installedBuild('manager', [pod(JSON.stringify(odd))])).to.deep.equal({ version: '26.9.6' });
  });
  it('does not take a property of every object for a component', () => {
    expect(installedBuild('constructor', [pod('{}')])).to.equal(undefined);
  });
});
