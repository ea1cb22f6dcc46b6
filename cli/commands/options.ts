import { LIMITS } from '@backendai-e2e/api/limits';
import { MOST_ENVIRONMENTS } from '../kind/names.ts';

/** Whether a variable that make passes on means yes: set, and none of "", "0", "no", "false". */
export function isYes(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'no', 'false'].includes(value.toLowerCase());
}

/** The value, unless it is unset or empty: make passes unset variables as empty ones. */
export function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

/** Rounds as a whole number from 1 to 100. Throws an Error that names the option. */
export function wholeRounds(value: string, option: string): number {
  const rounds = Number(value);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > LIMITS.rounds) {
    throw new Error(
      `${option} wants a whole number from 1 to ${LIMITS.rounds}, not ${JSON.stringify(value)}`,
    );
  }
  return rounds;
}

/** Seconds as a whole number from 1 on. Throws an Error that names the option. */
export function wholeSeconds(value: string, option: string): number {
  const seconds = Number(value);
  if (!Number.isInteger(seconds) || seconds < 1) {
    throw new Error(`${option} wants a whole number of seconds, not ${JSON.stringify(value)}`);
  }
  return seconds;
}

/** How many suites may run at once, 1 to 50 as TestRun has it. Throws an Error that names the option. */
export function suitesAtOnce(value: string): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1 || count > LIMITS.parallelism) {
    throw new Error(
      `--parallel wants a whole number from 1 to ${LIMITS.parallelism}, not ${JSON.stringify(value)}`,
    );
  }
  return count;
}

/** How many environments a job makes, 1 to 5. Throws an Error that names the option. */
export function environmentsAtOnce(value: string): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < 1 || count > MOST_ENVIRONMENTS) {
    const wanted = `a whole number from 1 to ${MOST_ENVIRONMENTS}`;
    throw new Error(`--environments wants ${wanted}, not ${JSON.stringify(value)}`);
  }
  return count;
}

/**
 * Whether the operator is to be killed in mid-run, from the option or else the variable ("0" or "1"); nothing when neither
 * says so: the command decides then.
 */
export function killsOperator(
  option: string | boolean | undefined,
  variable: string | undefined,
): { killOperator?: boolean } {
  if (typeof option === 'boolean') return { killOperator: option };
  return variable ? { killOperator: isYes(variable) } : {};
}
