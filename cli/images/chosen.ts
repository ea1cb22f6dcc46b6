import type { Component } from '@backendai-e2e/api/components';
import { brokenSources } from '../backend-ai/checkout.ts';
import { type Choice, choiceInWords, type GivenImage, type Source } from '../backend-ai/choice.ts';
import type { LaidSources } from '../backend-ai/laid.ts';
import { lockedRelease } from '../backend-ai/lock.ts';
import type { BackendAi } from '../backend-ai/packages.ts';
import { CommandError } from '../machine/command.ts';
import { inParallel } from '../machine/parallel.ts';
import { sourceParts } from './backend-ai.ts';
import type { Builder } from './extras.ts';
import { givenImage } from './given-image.ts';
import { resolveBackendAi } from './resolve.ts';
import { type ImageName, OF_BACKEND_AI, withCheckout } from './table.ts';

/** Images of the Backend.AI that is asked for. */
export interface ChosenImages {
  /** In place of those of the pinned release. */
  refs: Partial<Record<(typeof OF_BACKEND_AI)[number] | 'bootstrap', string>>;
  /** For single components, in place of "backend-ai". */
  components: Partial<Record<Component, string>>;
  /** Version of the manager. */
  release: string;
  /** What images of one checkout hold. */
  sources?: LaidSources;
}

/** Builds with a Backend.AI in place of the pinned one. */
type BuilderOf = (backendAi: BackendAi) => Builder;

/**
 * Resolves what is asked for, which may be refused, and returns the function that builds it.
 * @param pinned builder of the pinned release
 * @param options `withSnapshot: false` leaves out the snapshot of empty databases, which a kept cluster has filled
 * @throws ProvisionError for a release that does not exist, or packages that do not go together
 */
export async function chooseImages(
  choice: Choice | undefined,
  pinned: Builder,
  builderOf: BuilderOf,
  { withSnapshot = true }: { withSnapshot?: boolean } = {},
): Promise<() => Promise<ChosenImages>> {
  const nothing = { refs: {}, components: {}, release: releaseOf(pinned.backendAi) };
  if (choice === undefined) return async () => nothing;
  if (choice.kind !== 'components') {
    const asked = await resolveBackendAi(choice, pinned);
    if (asked === undefined) return async () => nothing;
    const builder = builderOf(asked);
    return async () => {
      const refs = await buildOf(asked, OF_BACKEND_AI, builder, !withSnapshot);
      // A snapshot is that of a release: the rows of a checkout are known to its own steps only.
      const isShort = asked.checkout !== undefined || !withSnapshot;
      const bootstrap = isShort ? refs['backend-ai'] : await builder.build('bootstrap');
      const sources = await laidSources(asked, Object.values(refs), builder);
      return {
        ...nothing,
        refs: { ...refs, ...(bootstrap && { bootstrap }) },
        release: releaseOf(asked),
        ...(sources ? { sources } : {}),
      };
    };
  }
  const builds: (() => Promise<ChosenImages>)[] = [];
  for (const [component, source] of Object.entries(choice.components) as [Component, Source | GivenImage][]) {
    builds.push(await chooseComponent(component, source, pinned, builderOf));
  }
  pinned.p.log(`Backend.AI by component: ${choiceInWords(choice)}; the others ${nothing.release}`);
  return async () => {
    let all: ChosenImages = nothing;
    for (const build of builds) {
      const one = await build();
      all = {
        refs: { ...all.refs, ...one.refs },
        components: { ...all.components, ...one.components },
        release: one.components.manager === undefined ? all.release : one.release,
      };
    }
    return all;
  };
}

async function chooseComponent(
  component: Component,
  source: Source | GivenImage,
  pinned: Builder,
  builderOf: BuilderOf,
): Promise<() => Promise<ChosenImages>> {
  const placed = (ref: string, release: string): ChosenImages => ({
    refs: component === 'agent' ? { agent: ref } : {},
    components: component === 'agent' ? {} : { [component]: ref },
    release,
  });
  if (source.kind === 'image') {
    const { ref, release = releaseOf(pinned.backendAi) } = await givenImage(component, source.ref, pinned.p);
    return async () => placed(ref, release);
  }
  const asked = (await resolveBackendAi(source, pinned)) ?? pinned.backendAi;
  const builder = asked === pinned.backendAi ? pinned : builderOf(asked);
  return async () => {
    const name = component === 'agent' ? 'agent' : 'backend-ai';
    // The suites look into the manager's database with the manager's own programs.
    const names = component === 'manager' ? ([name, 'suites-backend-ai'] as const) : ([name] as const);
    const { [name]: ref = '', ...more } = await buildOf(asked, names, builder);
    const one = placed(ref, releaseOf(asked));
    return { ...one, refs: { ...one.refs, ...more } };
  };
}

/** @throws ProvisionError that names the file of a checkout which Python cannot read */
async function buildOf(
  asked: BackendAi,
  names: readonly (typeof OF_BACKEND_AI)[number][],
  builder: Builder,
  isKept = false,
): Promise<ChosenImages['refs']> {
  builder.p.log(`Backend.AI: ${asked.title}`);
  const refs: Partial<Record<ImageName, string>> = {};
  try {
    const build = async (name: (typeof OF_BACKEND_AI)[number]) => {
      refs[name] = await builder.build(asked.checkout ? withCheckout(name) : name);
    };
    // Layers of a kept cluster wait for the engine most of the time; builds do not.
    if (asked.checkout && isKept)
      await inParallel(
        names.map((name) => () => build(name)),
        builder.stop,
      );
    else for (const name of names) await build(name);
  } catch (error) {
    if (!asked.checkout || !(error instanceof CommandError)) throw error;
    throw brokenSources(asked.checkout.folder, error.tail) ?? error;
  }
  return refs;
}

async function laidSources(
  { checkout }: BackendAi,
  refs: string[],
  builder: Builder,
): Promise<LaidSources | undefined> {
  if (!checkout) return undefined;
  const { version, commit } = checkout;
  return {
    refs,
    base: await builder.keyOf('backend-ai'),
    version,
    ...(commit === undefined ? {} : { commit }),
    files: await sourceParts(checkout),
  };
}

/** The version of the manager: that of a checkout, else that of its package. */
function releaseOf({ checkout, lock }: BackendAi): string {
  return checkout?.version ?? lockedRelease(lock);
}
