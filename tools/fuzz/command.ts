import { COMMAND_EXIT } from '@backendai-e2e/api/runner-contract';
import { startOperatorHarness } from '../envtest/operator/harness.ts';
import { fuzz, inWords } from './fuzz.ts';

/** `tools/dev fuzz`: 0 if every object ended in a sentence, 1 with the first that did not. */
export async function fuzzCommand(options: { objects: number; seed: number }): Promise<number> {
  const harness = await startOperatorHarness();
  try {
    console.log(inWords(await fuzz(harness, { ...options, say: (line) => console.log(line) })));
    return COMMAND_EXIT.passed;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.error(
      `exit 1 (an object is not handled): ${message}\nrepeat it: --seed ${options.seed} --objects ${options.objects}`,
    );
    return COMMAND_EXIT.failed;
  } finally {
    await harness.stop();
    await harness.plane.end();
  }
}
