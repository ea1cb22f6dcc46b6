import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { type ImageConfig, layerOnTop, type Manifest } from './oci-layer.ts';

const digestOf = (content: string | Buffer): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

const below = {
  manifest: {
    schemaVersion: 2,
    config: { mediaType: 'c', digest: 'sha256:old', size: 1 },
    layers: [{ mediaType: 'l', digest: 'sha256:base', size: 7 }],
  } satisfies Manifest,
  config: {
    architecture: 'amd64',
    config: { Entrypoint: ['node'] },
    rootfs: { type: 'layers', diff_ids: ['sha256:base'] },
    history: [{ created_by: 'base' }],
  } as ImageConfig,
};

describe('an image with one more layer', () => {
  const layer = Buffer.from('tar');
  const files = new Map(
    layerOnTop(below, layer, 'docker.io/x/suites:1').map(({ path, content }) => [path, content]),
  );
  const read = (path: string) => JSON.parse(String(files.get(path)));
  const blobAt = (digest: string) => `blobs/${digest.replace(':', '/')}`;

  it('has its name, and every part under its own digest', () => {
    const [entry] = read('index.json').manifests;
    expect(entry.annotations).to.deep.equal({ 'io.containerd.image.name': 'docker.io/x/suites:1' });
    for (const [path, content] of files) {
      if (path.startsWith('blobs/')) expect(blobAt(digestOf(content))).to.equal(path);
    }
  });

  it('names the layers below, holds only the new one, and runs as the image below does', () => {
    const manifest: Manifest = read(blobAt(read('index.json').manifests[0].digest));
    expect(manifest.layers.map(({ digest }) => digest)).to.deep.equal(['sha256:base', digestOf(layer)]);
    expect(manifest.layers[1]).to.include({ size: 3 });
    const config = read(blobAt(manifest.config.digest));
    expect(config.rootfs.diff_ids).to.deep.equal(['sha256:base', digestOf(layer)]);
    expect(config).to.deep.include({ architecture: 'amd64', config: { Entrypoint: ['node'] } });
    expect([...files.keys()].filter((path) => path.startsWith('blobs/'))).to.have.length(3);
  });
});
