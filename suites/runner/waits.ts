import { LENGTHS } from '@backendai-e2e/api/lengths';
import type { ReportedWait } from '@backendai-e2e/api/test-report';
import { plainLine } from '@backendai-e2e/results/plain-text';
import type { Wait } from '../evidence/record.ts';

/** Long waits as a report holds them: each text is one printable line of bounded length. */
export function reportedWaits(waits: readonly Wait[]): ReportedWait[] {
  return waits.map(({ test, what, seconds, times }) => ({
    file: cut(test?.file ?? 'unknown', LENGTHS.suiteFile),
    title: cut(test?.title ?? 'outside of the tests', LENGTHS.shortMessage),
    what: cut(what, LENGTHS.shortMessage),
    seconds: Math.round(seconds * 10) / 10,
    times,
  }));
}

function cut(text: string, length: number): string {
  const line = plainLine(text);
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`.toWellFormed();
}
