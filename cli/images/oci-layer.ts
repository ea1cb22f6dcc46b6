import { createHash } from 'node:crypto';

/** The parts of an OCI image's manifest that matter here: https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md */
export interface Manifest {
  schemaVersion: number;
  mediaType?: string;
  config: Descriptor;
  layers: Descriptor[];
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md */
export interface Descriptor {
  mediaType: string;
  /** "sha256:…" */
  digest: string;
  /** Bytes. */
  size: number;
  annotations?: Record<string, string>;
}

/** The parts of an OCI image's configuration that matter here; the others pass through. */
export interface ImageConfig {
  rootfs: { type: string; diff_ids: string[] };
  history?: object[];
}

/** A file of an OCI image layout. */
export interface LayoutFile {
  path: string;
  content: Buffer;
}

const OCI = 'application/vnd.oci.image';
/** containerd names an imported image after this annotation. */
const NAME_ANNOTATION = 'io.containerd.image.name';

/**
 * The files of an OCI image layout for an image with one more layer. The layers below are only named: a store that holds the
 * image below holds them already. Pure.
 * @param layer uncompressed tar
 * @param ref full name of the new image, with its registry
 */
export function layerOnTop(
  below: { manifest: Manifest; config: ImageConfig },
  layer: Buffer,
  ref: string,
): LayoutFile[] {
  const layerAs = descriptor(`${OCI}.layer.v1.tar`, layer);
  const config = json({
    ...below.config,
    rootfs: {
      ...below.config.rootfs,
      // The digest of a layer that is not compressed is its diff id.
      diff_ids: [...below.config.rootfs.diff_ids, layerAs.digest],
    },
    history: [...(below.config.history ?? []), { created_by: 'source layer of a kept cluster' }],
  });
  const configAs = descriptor(`${OCI}.config.v1+json`, config);
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: configAs,
    layers: [...below.manifest.layers, layerAs],
  });
  const manifestAs = descriptor(`${OCI}.manifest.v1+json`, manifest);
  return [
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    {
      path: 'index.json',
      content: json({
        schemaVersion: 2,
        manifests: [{ ...manifestAs, annotations: { [NAME_ANNOTATION]: ref } }],
      }),
    },
    blob(layerAs, layer),
    blob(configAs, config),
    blob(manifestAs, manifest),
  ];
}

function descriptor(mediaType: string, content: Buffer): Descriptor {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { mediaType, digest, size: content.length };
}

function blob({ digest }: Descriptor, content: Buffer): LayoutFile {
  return { path: `blobs/${digest.replace(':', '/')}`, content };
}

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}
