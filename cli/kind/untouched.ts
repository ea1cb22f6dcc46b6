import type { Component } from '@backendai-e2e/api/components';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import { type LaidSources, touchedSince } from '../backend-ai/laid.ts';

/** Images of charts/backend-ai by the name of their value. */
type ChartImages = Readonly<Record<string, string>>;

/** The values of charts/backend-ai with an image of Backend.AI. `backendAi` holds for those that are not set. */
const SLOTS: Readonly<Record<string, Component | 'bootstrap'>> = {
  manager: 'manager',
  storageProxy: 'storage-proxy',
  webserver: 'webserver',
  appproxyCoordinator: 'appproxy-coordinator',
  appproxyWorker: 'appproxy-worker',
  agent: 'agent',
  bootstrap: 'bootstrap',
};

/**
 * The images for an environment that runs already. A component whose code is the same in both keeps its image and its pods. Pure.
 * @param held images that the environment has
 * @param laid what images of checkouts hold; an unknown image is replaced
 */
export function keepUntouched(
  wanted: ChartImages,
  held: ChartImages,
  laid: readonly LaidSources[],
): Record<string, string> {
  const sourcesOf = (ref: string) => laid.find(({ refs }) => refs.includes(ref));
  const kept = Object.entries(SLOTS).flatMap(([slot, component]) => {
    const [now, before] = [wanted, held].map((images) => images[slot] ?? images.backendAi);
    const sources = now === undefined ? undefined : sourcesOf(now);
    if (before === undefined || !sources) return [];
    const touched = touchedSince(sourcesOf(before), sources);
    if (!touched) return [];
    const isTouched = component === 'bootstrap' ? touched.databases : touched.components.includes(component);
    return isTouched ? [] : [[slot, before] as const];
  });
  return { ...wanted, ...Object.fromEntries(kept) };
}

/** The images that an environment's chart has as values. */
export function imagesHeld(environment: TestEnvironment | undefined): Record<string, string> {
  const images = environment?.spec.chart?.values?.images;
  if (typeof images !== 'object' || images === null) return {};
  return Object.fromEntries(
    Object.entries(images).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}
