import type { Scene } from './scene.ts';

/** One thing that speaks for a component. */
export interface Evidence {
  component: string;
  rule: keyof typeof WEIGHTS;
  at: number;
  sentence: string;
}

/**
 * What each rule weighs. It counts once for a component, however often it holds. A fault of the test itself explains its effects,
 * but not why the test did not cope. So it weighs less than one of another suite.
 */
export const WEIGHTS = {
  restart: 8,
  foreignFault: 8,
  outage: 7,
  slump: 7,
  ownFault: 6,
  firstOutage: 6,
  unready: 5,
  rareLine: 4,
  probe: 3,
  warning: 3,
  named: 3,
  digest: 3,
  titled: 2,
  asked: 2,
  alarm: 1,
  behind: 1,
  exchanged: 1,
  answered: 1,
  needed: 1,
} as const;

/** The components for which something holds. Such evidence has no time of its own: it comes last. */
export function componentsWhere(
  { components: all }: Pick<Scene, 'components'>,
  rule: Evidence['rule'],
  holds: (component: string) => boolean,
  sentence: string,
): Evidence[] {
  return all.filter(holds).map((component) => ({ component, rule, at: Number.POSITIVE_INFINITY, sentence }));
}
