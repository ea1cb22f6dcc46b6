import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import { CLONE } from './containerd-set.ts';

describe('the copy of a set of images that a cluster works on', () => {
  let volume: string;
  const layer = 'io.containerd.content.v1.content/blobs/sha256/aaaa';
  const snapshot = 'io.containerd.snapshotter.v1.overlayfs/snapshots/1/fs/bin';
  const databases = [
    'io.containerd.metadata.v1.bolt/meta.db',
    'io.containerd.snapshotter.v1.overlayfs/metadata.db',
  ];

  const clone = () => execFileSync('sh', ['-c', CLONE, volume, 'key', 'cluster']);
  const inode = (place: string, file: string) => statSync(path.join(volume, place, file)).ino;

  before(() => {
    volume = mkdtempSync(path.join(tmpdir(), 'containerd-set-'));
    for (const file of [layer, snapshot, ...databases]) {
      mkdirSync(path.join(volume, 'sets/key', path.dirname(file)), { recursive: true });
      writeFileSync(path.join(volume, 'sets/key', file), file);
    }
    clone();
  });
  after(() => rmSync(volume, { recursive: true }));

  it('shares layers and snapshots with the set', () => {
    for (const file of [layer, snapshot]) {
      expect(inode('clusters/cluster', file), file).to.equal(inode('sets/key', file));
    }
  });

  it('has databases of its own: what the cluster writes does not reach the set', () => {
    for (const file of databases) {
      writeFileSync(path.join(volume, 'clusters/cluster', file), 'changed');
      expect(readFileSync(path.join(volume, 'sets/key', file), 'utf8'), file).to.equal(file);
    }
  });

  it('replaces what an earlier cluster of the same name left', () => {
    const left = path.join(volume, 'clusters/cluster/left');
    writeFileSync(left, '');
    clone();
    expect(() => statSync(left)).to.throw('ENOENT');
  });
});
