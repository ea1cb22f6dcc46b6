import { inspect } from 'node:util';
import type { Exchange } from '../evidence/record.ts';

/** Number of causes that are shown. */
const CAUSES = 4;

/**
 * The text of a failure: the message, expected and actual values, causes, the last API requests of the test with their
 * answers, and the stack without frames of Node.js and Mocha.
 * @param diff renders the texts of the actual and expected value (Mocha's own function)
 */
export function describeFailure(
  error: unknown,
  exchanges: readonly Exchange[],
  diff: (actual: string, expected: string) => string,
): string {
  const parts = [headline(error)];
  const compared = comparison(error, diff);
  if (compared) parts.push(compared);
  parts.push(...causes(error));
  if (exchanges.length > 0) parts.push(['Last requests:', ...exchanges.flatMap(exchangeLines)].join('\n'));
  const stack = frames(error);
  if (stack) parts.push(stack);
  return parts.join('\n');
}

/** Name and message of a thrown value. It is never empty. */
export function headline(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${inspect(error, { depth: 3 })}`;
  return error.message ? `${error.name}: ${error.message}` : error.name;
}

function comparison(error: unknown, diff: (actual: string, expected: string) => string): string | undefined {
  if (!(error instanceof Error) || !('showDiff' in error) || !error.showDiff) return undefined;
  if (!('actual' in error) || !('expected' in error)) return undefined;
  const show = (value: unknown) =>
    typeof value === 'string' ? value : inspect(value, { depth: 6, sorted: true, breakLength: 100 });
  return diff(show(error.actual), show(error.expected)).trim();
}

function causes(error: unknown): string[] {
  const lines: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  for (let count = 0; cause !== undefined && count < CAUSES; count += 1) {
    lines.push(`caused by ${headline(cause)}`);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines;
}

function exchangeLines(exchange: Exchange): string[] {
  const times = exchange.times > 1 ? `, ${exchange.times} times` : '';
  return [`  ${exchange.at} ${exchange.request}`, `    → ${exchange.answer} (${exchange.seconds} s${times})`];
}

function frames(error: unknown): string {
  if (!(error instanceof Error) || !error.stack) return '';
  return error.stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .filter((line) => !/node:internal|\/node_modules\/mocha\//.test(line))
    .join('\n');
}
