import { COMPONENTS, type Component } from '@backendai-e2e/api/components';
import type { Build, Point } from './builds.ts';

/** A trial for each component: it is of the red build, and all others are of the green one. */
export function mixedPoints(candidates: readonly Component[], red: Build, green: Build): Point[] {
  return candidates.map((component) => ({ component, of: red, others: green }));
}

/**
 * The value of --backend-ai for one component beside others.
 * @param of value of the build that the component has
 * @param others value of the build of all others
 */
export function mixedValue(component: Component, of: string, others: string): string {
  return COMPONENTS.map((one) => `${one}=${one === component ? of : others}`).join(',');
}
