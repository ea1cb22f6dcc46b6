import { TEST_ENVIRONMENTS, TEST_RUNS } from '@backendai-e2e/api/resources';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestRun } from '@backendai-e2e/api/test-run';
import { pathOf } from '@backendai-e2e/kube/request';
import type { KubeList, RestApi } from '@backendai-e2e/kube/rest-client';
import { readLaid } from '../backend-ai/laid.ts';
import type { ImageSet } from '../images/build.ts';
import type { RunNames } from '../runs/follow.ts';
import { untilSuitesStand } from '../runs/suites-ready.ts';
import type { KindOptions } from './kind-options.ts';
import { environmentNames, NAMES } from './names.ts';
import { chartImages, environmentObjects, kindRun, ownRuntime } from './objects.ts';
import { refuseOlderRelease } from './refuse.ts';
import { imagesHeld, keepUntouched } from './untouched.ts';

/** Seconds for a kept environment to be healthy again, before a run on it reports that it is not. */
const REUSED_ENVIRONMENT_SECONDS = 60;
/** A first deployment has readyTimeoutSeconds of its own; a run grants this much more. */
const NEW_ENVIRONMENT_SECONDS = 120;

/** Makes sure of the environments and creates the run. */
export async function createKindRun(
  options: KindOptions,
  client: RestApi,
  images: ImageSet,
  signal: AbortSignal,
): Promise<RunNames> {
  const { operatorNamespace: namespace, environment } = NAMES;
  const suites = { namespace, names: options.catalog, image: images.refs.suites };
  await untilSuitesStand(client, suites, { signal });
  await applyEnvironments(options, client, images, signal);
  const environmentTimeoutSeconds = options.reuse ? REUSED_ENVIRONMENT_SECONDS : NEW_ENVIRONMENT_SECONDS;
  const wanted = kindRun({ ...options, environmentTimeoutSeconds }, options.environments ?? 1);
  const run = await client.create<TestRun>(pathOf(TEST_RUNS, { namespace }), wanted, signal);
  const [, ...more] = environmentNames(options.environments ?? 1).map(({ name }) => name);
  return {
    namespace,
    environment,
    ...(more.length > 0 ? { moreEnvironments: more } : {}),
    run: run.metadata.name,
  };
}

/**
 * Applies the environments one after another: each is deployed after the one before it. A component whose code is the same keeps
 * its image and its pods.
 * @throws Error where one has the database of a later release
 */
export async function applyEnvironments(
  options: KindOptions,
  client: RestApi,
  images: ImageSet,
  signal: AbortSignal,
): Promise<void> {
  const { operatorNamespace: namespace } = NAMES;
  const there = await client.get<KubeList<TestEnvironment>>(
    pathOf(TEST_ENVIRONMENTS, { namespace }),
    {},
    signal,
  );
  refuseOlderRelease(there.items, images.release);
  const refs = chartImages(images.refs, images.components);
  const laid = await readLaid(options.cacheDir);
  const held = new Map(
    there.items.map((environment) => [environment.metadata.name, imagesHeld(environment)]),
  );
  const imagesOf = (name: string) => keepUntouched(refs, held.get(name) ?? {}, laid);
  const objects = environmentObjects(
    options.environmentValues,
    imagesOf,
    options.environments ?? 1,
    ownRuntime(images),
  );
  for (const object of objects) {
    const { name } = object.metadata;
    const path = pathOf(TEST_ENVIRONMENTS, { namespace, name });
    await client.apply(path, object, signal);
  }
}
