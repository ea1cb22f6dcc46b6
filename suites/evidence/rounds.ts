import { RUNNER_ENV } from '@backendai-e2e/api/runner-contract';

/**
 * How often a suite that tries one thing several times does so: as its run asks (TestRun.spec.rounds), else its own number.
 * Throws an Error for anything but a whole number from 1: no rounds at all would pass for a success.
 */
export function rounds(own: number, env: NodeJS.ProcessEnv = process.env): number {
  const asked = env[RUNNER_ENV.rounds];
  if (asked === undefined || asked === '') return own;
  const count = Number(asked);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new Error(`${RUNNER_ENV.rounds} is ${JSON.stringify(asked)}: it must be a whole number from 1`);
}
