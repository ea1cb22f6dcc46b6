import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { withProvision } from '@backendai-e2e/cli/commands/machine';
import { Surprise } from './expect.ts';
import { type SelftestOptions, type Step, stagingSelftest } from './staging.ts';

/** `tools/dev staging-selftest`: 0 if everything was as expected, 1 if not, 2 if it could not be tried. */
export function stagingSelftestCommand(options: SelftestOptions): Promise<number> {
  return withProvision(async (p) => {
    const step: Step = async (title, body) => {
      const from = performance.now();
      p.log(`▸ ${title}`);
      const result = await body();
      p.log(`✓ ${title} (${((performance.now() - from) / 1000).toFixed(1)} s)`);
      return result;
    };
    try {
      await stagingSelftest(options, step, p);
    } catch (error) {
      if (!(error instanceof Surprise)) throw error;
      console.error(`exit 1 (not as expected): ${error.message}`);
      return COMMAND_EXIT.failed;
    }
    console.log(
      'exit 0 (passed): a restricted user ran the suites, lost the connection, attached again, and left nothing',
    );
    return COMMAND_EXIT.passed;
  });
}
