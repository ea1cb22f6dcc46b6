import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Component } from '@backendai-e2e/api/components';
import type { Choice } from '../backend-ai/choice.ts';
import { rememberLaid } from '../backend-ai/laid.ts';
import type { BackendAi } from '../backend-ai/packages.ts';
import { PINNED_LOCK } from '../backend-ai/pinned.ts';
import { command } from '../machine/command.ts';
import { withLock } from '../machine/lock.ts';
import { PROJECT_ROOT, type Provision } from '../machine/provision.ts';
import { VERSIONS } from '../machine/versions.ts';
import { checkoutLayer } from './checkout/checkout-layer.ts';
import { chooseImages } from './chosen.ts';
import { contentKey, pathParts } from './content-key.ts';
import { ensureDebian } from './debian.ts';
import { dockerBuild, imageId, REPOSITORY, refsOf, removeRefs } from './docker.ts';
import type { Builder } from './extras.ts';
import type { AddLayer, LayerContent } from './layers.ts';
import { ensureNodeSet } from './node/node-image.ts';
import { lockOfRelease, pinnedBackendAi } from './resolve.ts';
import { BAKED, IMAGES, type ImageName, type ImageRow, LOADED } from './table.ts';

export type { ImageName } from './table.ts';

/** What a cluster is made of. */
export interface ImageSet {
  /** Full reference of each image: backendai-e2e/<name>:<content key>. */
  refs: Record<ImageName, string>;
  /** Images of single components, in place of "backend-ai". */
  components: Partial<Record<Component, string>>;
  /** Image for suites that need programs of Backend.AI, of the pinned release: the same with any Backend.AI. */
  runtimeImage: string;
  /** Reference of the kind node image that already holds all but `operator` and `suites`. Empty for a kept cluster that does. */
  nodeImage: string;
  /** Version of the manager in them. */
  release: string;
}

type FullBuilder = Builder & { debian(): Promise<string>; pinned?: FullBuilder; addLayer?: AddLayer } & {
  /** The layer that lays the checkout over the packages of an image. Made once for all rows over it. */
  laidOver(laid: string): Promise<Buffer>;
};

/** Number of images of each name that stay for a later run, of a Backend.AI that is not pinned. */
const KEPT = 2;

/** On every image: the content key of its parent. */
const PARENT_LABEL = 'e2e.backend.ai/parent';

/**
 * A builder whose answers are remembered, so that shared parents are looked at once.
 * @param others `pinned`: builder of the pinned Backend.AI, for a builder of another: it makes what does not depend on
 * Backend.AI. `addLayer`: gives a kept cluster the sources of a checkout.
 */
function imageBuilder(
  given: Provision,
  backendAi: BackendAi,
  { pinned, addLayer }: { pinned?: FullBuilder; addLayer?: AddLayer | undefined } = {},
): FullBuilder {
  const failed = new AbortController();
  const p: Provision = { ...given, signal: AbortSignal.any([given.signal, failed.signal]) };
  const keys = new Map<string, Promise<string>>();
  const builds = new Map<string, Promise<string>>();
  const layers = new Map<string, Promise<Buffer>>();
  let debian: Promise<string> | undefined;
  const remembered = <T>(map: Map<string, Promise<T>>, name: string, make: () => Promise<T>) => {
    const known = map.get(name) ?? make();
    map.set(name, known);
    return known;
  };
  const other = (image: string) => (rowOf(image).ofBackendAi ? undefined : pinned);
  const builder: FullBuilder = {
    p,
    backendAi,
    ...(pinned ? { pinned } : {}),
    ...(addLayer ? { addLayer } : {}),
    debian: () => {
      debian ??= pinned?.debian() ?? ensureDebian(p);
      return debian;
    },
    keyOf: (image) =>
      other(image)?.keyOf(image) ?? remembered(keys, image, () => keyOf(builder, rowOf(image))),
    build: (image) =>
      other(image)?.build(image) ?? remembered(builds, image, () => ensureRow(builder, rowOf(image))),
    laidOver: (laid) => remembered(layers, laid, () => checkoutLayer(builder, laid)),
    stop: (reason) => failed.abort(reason),
  };
  return builder;
}

/** @throws Error for a name that the table does not hold */
function rowOf(name: string): ImageRow {
  const row = IMAGES.find((image) => image.name === name);
  if (row === undefined) throw new Error(`no image "${name}" in cli/images/table.ts`);
  return row;
}

function folderOf(row: ImageRow): string {
  return path.join(PROJECT_ROOT, 'images', row.folder ?? row.name);
}

async function keyOf(builder: FullBuilder, row: ImageRow): Promise<string> {
  const parts: Record<string, string> = { ...row.args };
  parts.parent = await parentKey(builder, row);
  for (const [arg, image] of Object.entries(row.stages ?? {}))
    parts[`stage ${arg}`] = await builder.keyOf(image);
  for (const [file, hash] of Object.entries(await pathParts(folderOf(row)))) parts[`file ${file}`] = hash;
  for (const extra of row.extras ?? []) parts[`extra ${extra.to}`] = await extra.key(builder);
  return contentKey(parts);
}

async function parentKey(builder: FullBuilder, row: ImageRow): Promise<string> {
  return row.parent === 'debian'
    ? ((await imageId(builder.p, await builder.debian())) ?? '')
    : builder.keyOf(row.parent);
}

/** Makes the build context of an image for as long as `body` runs. */
async function withContext<T>(
  builder: FullBuilder,
  row: ImageRow,
  body: (context: string) => Promise<T>,
): Promise<T> {
  const { p } = builder;
  const temporary = path.join(p.cacheDir, 'contexts');
  await mkdir(temporary, { recursive: true });
  const context = await mkdtemp(path.join(temporary, `${row.name}-`));
  try {
    await cp(folderOf(row), context, { recursive: true });
    for (const extra of row.extras ?? []) {
      const target = path.join(context, extra.to);
      await mkdir(path.dirname(target), { recursive: true });
      await extra.put(builder, target);
    }
    // A strict umask must not make files that the image's user cannot read.
    await command(p, 'chmod', ['-R', 'a+rX', context]);
    return await body(context);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function ensureRow(builder: FullBuilder, row: ImageRow): Promise<string> {
  const { p } = builder;
  const ref = refOf(row.name, await builder.keyOf(row.name));
  if ((await imageId(p, ref)) || (await layeredCheckout(builder, row, ref))) return ref;
  const base = row.parent === 'debian' ? await builder.debian() : await builder.build(row.parent);
  const stages: Record<string, string> = {};
  for (const [arg, image] of Object.entries(row.stages ?? {})) stages[arg] = await builder.build(image);
  await withContext(builder, row, async (context) => {
    const started = Date.now();
    p.log(`image ${row.name}: building`);
    const args = { BASE: base, ...stages, ...row.args };
    const labels = { [PARENT_LABEL]: await parentKey(builder, row) };
    await dockerBuild(p, { ref, context, args, labels, log: `image-${row.name}` });
    p.log(`image ${row.name}: built in ${Math.round((Date.now() - started) / 1_000)} s`);
  });
  await removeRefs(p, await oldRefs(builder, row, ref));
  return ref;
}

/** References of an image that are no longer needed after a rebuild. */
async function oldRefs({ p, pinned }: FullBuilder, row: ImageRow, ref: string): Promise<string[]> {
  const others = (await refsOf(p, `${REPOSITORY}/${row.name}`)).filter((other) => other !== ref);
  if (!row.ofBackendAi) return others;
  // Docker lists the newest first.
  const kept = pinned ? [refOf(row.name, await pinned.keyOf(row.name))] : [];
  return others.filter((other) => !kept.includes(other)).slice(KEPT);
}

/**
 * Builds the images named, one after the other, unless the engine already holds them with the same content.
 * @returns name → reference
 */
export async function buildImages<N extends string>(
  names: readonly N[],
  p: Provision,
): Promise<Record<N, string>> {
  return withLock(p, 'images', async () => buildEach(imageBuilder(p, await pinnedBackendAi()), names));
}

async function buildEach<N extends string>(
  builder: Builder,
  names: readonly N[],
): Promise<Record<N, string>> {
  const refs: Partial<Record<N, string>> = {};
  for (const name of names) refs[name] = await builder.build(name);
  return refs as Record<N, string>;
}

/** Resolves the pinned release again, and writes its lock into the checkout. */
export async function renewPinnedLock(p: Provision): Promise<void> {
  await withLock(p, 'images', async () => {
    const builder = imageBuilder(p, await pinnedBackendAi());
    await writeFile(PINNED_LOCK, await lockOfRelease(VERSIONS.backendAi, builder));
  });
}

/** What the images of a cluster are to be. */
export interface ImageWish {
  /** Default: the pinned release. */
  backendAi?: Choice;
  /** Given for a kept cluster: brings the project's own code there without a build where that is possible. */
  addLayer?: AddLayer;
  /** Given with it: whether the nodes of that cluster hold all of these images. */
  holds?(refs: readonly string[]): Promise<boolean>;
}

/**
 * Provides every image of a cluster. Images in the node image are built only together with it. It always holds the pinned
 * release. Images of another Backend.AI are loaded into the running node instead. So a change of the release neither rebuilds
 * the node image nor loses what the next run needs.
 * @throws ProvisionError naming the image that could not be built and its log, or a Backend.AI that does not exist
 */
export async function ensureImages(
  p: Provision,
  { backendAi, addLayer, holds }: ImageWish = {},
): Promise<ImageSet> {
  return withLock(p, 'images', async () => {
    const builder = imageBuilder(p, await pinnedBackendAi());
    const chosen = await chooseImages(
      backendAi,
      builder,
      (asked) => imageBuilder(p, asked, { pinned: builder, addLayer }),
      { withSnapshot: addLayer === undefined },
    );
    const baked = await refsFor(builder, BAKED);
    const loaded = await refsFor(builder, LOADED);
    const build = (names: readonly string[]) => async () => void (await buildEach(builder, names));
    const isHeld = (await holds?.(Object.values(baked))) === true;
    const nodeImage = isHeld
      ? ''
      : await ensureNodeSet(builder, {
          images: baked,
          // The project's current code, so that a cluster that starts before the next edit need not load it.
          alongside: Object.values(loaded),
          build: [build(BAKED), build(LOADED)],
        });
    for (const name of LOADED) {
      if (!addLayer || !(await layered(builder, rowOf(name), loaded[name], addLayer)))
        await builder.build(name);
    }
    const { refs, components, release, sources } = await chosen();
    if (sources) await rememberLaid(p.cacheDir, sources);
    return {
      ...{ refs: { ...baked, ...loaded, ...refs }, components, nodeImage, release },
      runtimeImage: baked['suites-backend-ai'],
    };
  });
}

/** Whether the cluster got the image as its own code on top of an image that differs in nothing else. */
async function layered(
  builder: FullBuilder,
  row: ImageRow,
  ref: string,
  addLayer: AddLayer,
): Promise<boolean> {
  const { p } = builder;
  const { layer } = row;
  if (!layer || (await imageId(p, ref))) return false;
  const label = `${PARENT_LABEL}=${await parentKey(builder, row)}`;
  const bases = await refsOf(p, `${REPOSITORY}/${row.name}`, label);
  const withContent = <T>(body: (content: LayerContent) => Promise<T>): Promise<T> =>
    withContext(builder, row, (context) =>
      body({
        folders: Object.fromEntries(
          Object.entries(layer).map(([from, to]) => [to, path.join(context, from)]),
        ),
      }),
    );
  return addLayer({ ref, bases, withContent }, p);
}

/** Whether a kept cluster got the sources of a checkout as one layer. It gets the packages below first if it lacks them. */
async function layeredCheckout(builder: FullBuilder, row: ImageRow, ref: string): Promise<boolean> {
  const { p, addLayer } = builder;
  const { laid } = row;
  if (!laid || !addLayer) return false;
  const withContent = async <T>(body: (content: LayerContent) => Promise<T>): Promise<T> =>
    body({ tar: await builder.laidOver(laid) });
  const bases = [refOf(row.parent, await builder.keyOf(row.parent))];
  return addLayer({ ref, bases, withContent, makeBase: () => builder.build(row.parent) }, p);
}

/** References of the images named, without building them. */
async function refsFor<N extends string>(builder: Builder, names: readonly N[]): Promise<Record<N, string>> {
  const refs: Partial<Record<N, string>> = {};
  for (const name of names) refs[name] = refOf(name, await builder.keyOf(name));
  return refs as Record<N, string>;
}

function refOf(name: string, key: string): string {
  return `${REPOSITORY}/${name}:${key}`;
}
