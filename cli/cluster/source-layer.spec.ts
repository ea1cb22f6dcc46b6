import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'chai';
import type { LayerContent } from '../images/layers.ts';
import { addSourceLayer } from './source-layer.ts';

/** Stands for docker with one node, whose ctr lists images, gives content, and takes imports. */
const DOCKER = `#!/bin/sh
cd "$(dirname "$0")"
case "$*" in
  "ps "*) echo node ;;
  *"images ls -q") cat held ;;
  *"images ls name=="*) echo "REF TYPE DIGEST"; echo "x y sha256:$(printf 'a%.0s' $(seq 64))" ;;
  *"content get sha256:aaaa"*) echo '{"schemaVersion":2,"config":{"digest":"sha256:cfg"},"layers":[{"digest":"sha256:base"}]}' ;;
  *"content get sha256:cfg") echo '{"rootfs":{"type":"layers","diff_ids":["sha256:base"]}}' ;;
  *"images import -") mkdir -p imported; tar --extract --directory imported ;;
  *) echo "unexpected: $*" >&2; exit 1 ;;
esac
`;

describe('the sources of a kept cluster', () => {
  let folder: string;
  const { PATH } = process.env;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'e2e-layer-'));
    mkdirSync(path.join(folder, 'contexts'));
    mkdirSync(path.join(folder, 'dist'));
    writeFileSync(path.join(folder, 'dist', 'suite.js'), 'edited');
    writeFileSync(path.join(folder, 'docker'), DOCKER, { mode: 0o755 });
    process.env.PATH = `${folder}:${PATH}`;
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  });

  /** Adds the layer to a node that holds these images. */
  const add = (...held: string[]) => {
    writeFileSync(path.join(folder, 'held'), held.map((ref) => `docker.io/${ref}\n`).join(''));
    const request = {
      ref: 'x/suites:new',
      bases: ['x/suites:other', 'x/suites:base'],
      withContent: <T>(body: (content: LayerContent) => Promise<T>) =>
        body({ folders: { 'app/dist': path.join(folder, 'dist') } }),
    };
    const p = { log: () => {}, signal: new AbortController().signal, cacheDir: folder };
    return addSourceLayer('c', request, p);
  };
  const blobs = () => path.join(folder, 'imported/blobs/sha256');

  it('arrive as one layer that replaces the folder and keeps everything else', async () => {
    expect(await add('x/suites:base')).to.equal(true);
    const index = JSON.parse(readFileSync(path.join(folder, 'imported/index.json'), 'utf8'));
    const digest = (of: { digest: string }) => path.join(blobs(), of.digest.replace('sha256:', ''));
    const manifest = JSON.parse(readFileSync(digest(index.manifests[0]), 'utf8'));
    expect(manifest.layers[0].digest).to.equal('sha256:base');
    const listed = execFileSync(
      'tar',
      ['--list', '--verbose', '--numeric-owner', '--file', digest(manifest.layers[1])],
      {
        encoding: 'utf8',
      },
    );
    expect(listed).to.contain('app/dist/suite.js').and.contain('app/dist/.wh..wh..opq').and.contain(' 0/0 ');
    expect(listed).not.to.match(/ app\/$/m);
    expect(readdirSync(blobs())).to.have.length(3);
  });

  it('are not sent to a node that has them', async () => {
    expect(await add('x/suites:new')).to.equal(true);
    expect(readdirSync(folder)).not.to.contain('imported');
  });

  it('need a build where the node holds no image that differs in them alone', async () => {
    expect(await add('x/suites:foreign')).to.equal(false);
    expect(readdirSync(folder)).not.to.contain('imported');
  });
});
