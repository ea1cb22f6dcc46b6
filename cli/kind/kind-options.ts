import type { Choice } from '../backend-ai/choice.ts';
import type { RunChoice } from '../runs/run-spec.ts';

/** Options of the kind pipeline. */
export interface KindOptions extends RunChoice {
  /** Equal environments over which the suites are spread. Default 1. */
  environments?: number;
  /** Keep the cluster at the end. */
  keep: boolean;
  /** Run on the cluster that was kept; it stays kept. */
  reuse: boolean;
  /** End when the environment is ready, without a run; accept a kept cluster. */
  upOnly?: boolean;
  /** Suites during which the operator is not killed; undefined: it is never killed. */
  killOperator?: readonly string[];
  /** Every suite of the catalog: the cluster must have them before a run is created. */
  catalog: readonly string[];
  /** Values for charts/backend-ai. */
  environmentValues: Record<string, unknown>;
  cacheDir: string;
  /** Which Backend.AI to deploy; undefined: the pinned release. */
  backendAi?: Choice;
  /** Which one to upgrade to while the run goes on; undefined: none. */
  upgradeTo?: Choice;
}
