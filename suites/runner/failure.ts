import { inspect } from 'node:util';
import { exchangeList } from '@backendai-e2e/results/exchanges';
import type { Exchange } from '../evidence/record.ts';

/** Number of causes, and of errors of an AggregateError, that are shown one below the other. */
const CAUSES = 4;
const AGGREGATED = 10;

/**
 * The text of a failure: the message, expected and actual values, and causes. The last API requests of the test with their answers
 * follow, and the stack without frames of Node.js and Mocha.
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
  const listed = exchangeList(exchanges);
  if (listed) parts.push(listed);
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
  if (!(error instanceof Error) || !('actual' in error) || !('expected' in error)) return undefined;
  const { actual, expected } = error;
  // Chai says whether a comparison helps. node:assert does not, but its own messages contain one.
  const shows =
    'showDiff' in error ? error.showDiff : !('generatedMessage' in error && error.generatedMessage);
  if (!shows || Object.is(actual, expected)) return undefined;
  for (const show of VIEWS) {
    const [left, right] = [show(actual), show(expected)];
    if (left !== right) return diff(left, right).trim();
  }
  return undefined;
}

/** Ways to show a value, until two values look different. As plain text, "5" and 5 do not, nor do long buffers. */
const VIEWS: readonly ((value: unknown) => string)[] = [
  (value) => (typeof value === 'string' ? value : inspected(value, 6)),
  (value) => inspected(value, 6),
  (value) => inspected(value, null),
  (value) =>
    ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
      : '',
];

function inspected(value: unknown, depth: number | null): string {
  return inspect(value, {
    depth,
    sorted: true,
    breakLength: 100,
    maxArrayLength: null,
    maxStringLength: null,
  });
}

/** The causes of an error and the errors of an AggregateError, one line each, deeper ones indented. */
export function causes(error: unknown, depth = 0): string[] {
  if (!(error instanceof Error) || depth >= CAUSES) return [];
  const indent = '  '.repeat(depth);
  const lines = (label: string, inner: unknown) => [
    `${indent}${label} ${headline(inner)}`,
    ...causes(inner, depth + 1),
  ];
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [];
  const suppressed = error.name === 'SuppressedError' && 'error' in error && 'suppressed' in error;
  const more = errors.length - AGGREGATED;
  return [
    ...(error.cause === undefined ? [] : lines('caused by', error.cause)),
    ...errors.slice(0, AGGREGATED).flatMap((one) => lines('one of its errors:', one)),
    ...(suppressed ? [...lines('while it ended:', error.error), ...lines('it hid:', error.suppressed)] : []),
    ...(more > 0 ? [`${indent}and ${more} more errors`] : []),
  ];
}

function frames(error: unknown): string {
  if (!(error instanceof Error) || !error.stack) return '';
  return error.stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .filter((line) => !/node:internal|\/node_modules\/mocha\/|\/suites\/runner\/late-throws\./.test(line))
    .join('\n');
}
