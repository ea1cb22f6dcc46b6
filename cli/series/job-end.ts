import type { Ending } from '@backendai-e2e/api/run-outcome';
import type { RunRecord } from '@backendai-e2e/results/run-record';

/** How a job ended. */
export interface JobEnd {
  ending: Ending;
  /** Whether it got beyond its options, so that it wrote results. */
  began: boolean;
  /** The run with its reports, where the job created one. */
  run?: RunRecord;
}
