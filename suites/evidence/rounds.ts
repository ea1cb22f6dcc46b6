import { RUNNER_ENV } from '@backendai-e2e/api/runner-contract';

/**
 * The number of rounds of a suite that repeats its tests: TestRun.spec.rounds if set, else the suite's own number.
 * Throws an Error for anything but a whole number from 1: zero rounds would look like a success.
 */
export function rounds(own: number, env: NodeJS.ProcessEnv = process.env): number {
  const asked = env[RUNNER_ENV.rounds];
  if (asked === undefined || asked === '') return own;
  const count = Number(asked);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new Error(`${RUNNER_ENV.rounds} is ${JSON.stringify(asked)}: it must be a whole number from 1`);
}
