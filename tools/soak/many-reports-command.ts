import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { startOperatorHarness } from '../envtest/operator/harness.ts';
import { manyReports } from './many-reports.ts';

/** `tools/dev many-reports`: 0 if the operator went on, 1 if it ended or a run did not pass. */
export async function manyReportsCommand(options: { large: number; small: number }): Promise<number> {
  const harness = await startOperatorHarness();
  try {
    const result = await manyReports(harness, { ...options, say: (line) => console.log(line) });
    const { peakMiB, startSeconds, changeSeconds } = result;
    console.log(
      `at most ${peakMiB} MiB; an ordinary run took ${startSeconds} s from the start, and ${changeSeconds} s while all reports changed`,
    );
    return COMMAND_EXIT.passed;
  } catch (error) {
    console.error(`exit 1 (not as expected): ${error instanceof Error ? error.message : String(error)}`);
    return COMMAND_EXIT.failed;
  } finally {
    await harness.stop();
    await harness.plane.end();
  }
}
