import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { needsBoundedRuntime, renderBoundedRunc } from './runc-wrapper.ts';

describe('the bounded runtime', () => {
  it('is needed by an old engine on a machine that lacks a capability, and only there', () => {
    expect(needsBoundedRuntime('20.10.24+dfsg1', ['CAP_SYS_RESOURCE'])).to.equal(true);
    expect(needsBoundedRuntime('20.10.24+dfsg1', [])).to.equal(false);
    expect(needsBoundedRuntime('26.1.5', ['CAP_SYS_RESOURCE'])).to.equal(false);
  });

  describe('as a program', () => {
    let folder: string;
    const file = (name: string): string => path.join(folder, name);
    const write = (name: string, value: unknown): void => writeFileSync(file(name), JSON.stringify(value));
    const read = (name: string): unknown => JSON.parse(readFileSync(file(name), 'utf8'));
    /** Runs the wrapper around a runc that writes down its arguments. */
    const run = (...args: string[]) => {
      writeFileSync(file('runc'), `#!/bin/sh\nprintf '%s\\n' "$@" > '${file('arguments')}'\nexit 7\n`);
      writeFileSync(file('wrapper'), renderBoundedRunc(['CAP_SYS_RESOURCE', 'CAP_BPF'], file('runc')));
      for (const program of ['runc', 'wrapper']) chmodSync(file(program), 0o755);
      return spawnSync(file('wrapper'), args, { cwd: folder, encoding: 'utf8' });
    };
    before(function () {
      if (spawnSync('jq', ['--version']).status !== 0) this.skip();
    });
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'bounded-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('drops what the machine lacks from a new container, and nothing else', () => {
      const process = {
        args: ['capsh', 'CAP_SYS_RESOURCE'],
        oomScoreAdj: -500,
        capabilities: { bounding: ['CAP_CHOWN', 'CAP_SYS_RESOURCE'], ambient: ['CAP_BPF'] },
      };
      write('config.json', { ociVersion: '1.0.2', process });
      const { status, stderr } = run('--root', '/run/x', 'create', '--bundle', folder, 'id');
      expect(stderr).to.equal('');
      expect(status, "runc's own exit code").to.equal(7);
      expect(read('config.json')).to.deep.equal({
        ociVersion: '1.0.2',
        process: {
          args: ['capsh', 'CAP_SYS_RESOURCE'],
          oomScoreAdj: 0,
          capabilities: { bounding: ['CAP_CHOWN'], ambient: [] },
        },
      });
      expect(readFileSync(file('arguments'), 'utf8').trim().split('\n')).to.deep.equal([
        '--root',
        '/run/x',
        'create',
        '--bundle',
        folder,
        'id',
      ]);
    });
    it('drops it from a process that joins a container', () => {
      write('process.json', { args: ['sh'], capabilities: { effective: ['CAP_BPF', 'CAP_KILL'] } });
      run('exec', '--process', file('process.json'), 'id');
      expect(read('process.json')).to.deep.equal({ args: ['sh'], capabilities: { effective: ['CAP_KILL'] } });
    });
    it('leaves a container without capabilities as it is', () => {
      write('config.json', { process: { args: ['true'], oomScoreAdj: 100 } });
      run('create', '--bundle', folder, 'id');
      expect(read('config.json')).to.deep.equal({ process: { args: ['true'], oomScoreAdj: 100 } });
    });
    it('passes every other command on', () => {
      expect(run('delete', '--force', 'exec-or-create').status).to.equal(7);
    });
  });
});
