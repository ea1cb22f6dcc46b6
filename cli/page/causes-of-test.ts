import { firstCauses } from '@backendai-e2e/results/causes/first-cause';
import { rareNeeds } from '@backendai-e2e/results/causes/rare-needs';
import type { Cause } from '@backendai-e2e/results/causes/scene';
import type { CatalogEntry } from '../catalog/catalog.ts';

/** A failed test, without anything that its cluster said. */
export interface FailedTest {
  suite: string;
  title: string;
  error: string;
}

/** The first causes of a failed test by what it says itself, most likely first. Pure. */
export function causesOfTest(
  { suite, title, error }: FailedTest,
  components: readonly string[],
  catalog: readonly Pick<CatalogEntry, 'name' | 'needs'>[],
): Cause[] {
  const needs = rareNeeds(new Map(catalog.map((entry) => [entry.name, { needs: entry.needs ?? [] }])));
  return firstCauses({
    ...{ error, components, title: `${title} ${suite}`, needs: needs.get(suite) ?? [] },
    window: { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY },
    ...{ changes: [], outages: [], faults: [], alarms: [], newDigests: [] },
  });
}
