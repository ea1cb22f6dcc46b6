import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { withTime } from './tar.ts';

/** The parts of manifest.json in the output of `docker save`: one entry for each image. */
interface SavedImage {
  /** Paths in the archive. */
  Config: string;
  Layers: string[];
}

/** The parts of an image's configuration that a time or the building machine is in. The others pass through. */
interface SavedConfig {
  created?: string;
  history?: { created?: string }[];
  rootfs: { type: string; diff_ids: string[] };
  container?: string;
  container_config?: unknown;
  docker_version?: string;
}

/** A file of the archive that a release has of an image. */
export interface ArchiveFile {
  path: string;
  content: Buffer;
}

const OCI = 'application/vnd.oci.image';

/**
 * The archive of an image without the times of its build, so that equal inputs give equal digests. `docker load` reads it by its
 * manifest.json, and other tools as an OCI image layout (github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md).
 * @param read a file of the folder that `docker save` was unpacked into
 * @param tag name and tag of the image
 * @param seconds since 1970 that everything gets as its time
 * @returns the files, the digest of the image's manifest, and its layers as tars
 */
export function imageArchive(
  read: (path: string) => Buffer,
  tag: string,
  seconds: number,
): { files: ArchiveFile[]; digest: string; layers: Buffer[] } {
  const [saved] = JSON.parse(read('manifest.json').toString()) as SavedImage[];
  if (!saved) throw new Error('the output of docker save has no image');
  const created = new Date(seconds * 1_000).toISOString();
  const layers = saved.Layers.map((path) => withTime(uncompressed(read(path)), seconds));
  const layersAs = layers.map((layer) => descriptor(`${OCI}.layer.v1.tar`, layer));
  const {
    container: _container,
    container_config: _command,
    docker_version: _engine,
    ...config
  } = JSON.parse(read(saved.Config).toString()) as SavedConfig;
  const configuration = json({
    ...config,
    created,
    history: (config.history ?? []).map((step) => ({ ...step, created })),
    rootfs: { ...config.rootfs, diff_ids: layersAs.map(({ digest }) => digest) },
  });
  const configAs = descriptor(`${OCI}.config.v1+json`, configuration);
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: configAs,
    layers: layersAs,
  });
  const manifestAs = descriptor(`${OCI}.manifest.v1+json`, manifest);
  const annotations = { 'org.opencontainers.image.ref.name': tag.slice(tag.lastIndexOf(':') + 1) };
  const files = [
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    {
      path: 'index.json',
      content: json({ schemaVersion: 2, manifests: [{ ...manifestAs, annotations }] }),
    },
    {
      path: 'manifest.json',
      content: json([
        {
          Config: blobPath(configAs.digest),
          RepoTags: [tag],
          Layers: layersAs.map(({ digest }) => blobPath(digest)),
        },
      ]),
    },
    { path: blobPath(manifestAs.digest), content: manifest },
    { path: blobPath(configAs.digest), content: configuration },
    ...layers.map((content, index) => ({ path: blobPath(layersAs[index]?.digest ?? ''), content })),
  ];
  return { files, digest: manifestAs.digest, layers };
}

/** Engines with the store of containerd save layers as they were pulled. */
function uncompressed(layer: Buffer): Buffer {
  return layer[0] === 0x1f && layer[1] === 0x8b ? gunzipSync(layer) : layer;
}

function descriptor(mediaType: string, content: Buffer) {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { mediaType, digest, size: content.length };
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
