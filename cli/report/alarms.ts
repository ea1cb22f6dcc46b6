import type { TestReport } from '@backendai-e2e/api/test-report';
import { isAlarm, withoutNumbers } from '@backendai-e2e/results/alarming';
import { splitTimestamp } from '@backendai-e2e/results/printed-output';
import { nameOf, type ObservedTest, type TestRecord } from '@backendai-e2e/results/test-record';
import type { ContainerLog } from '../collect/cluster-logs.ts';

/** A window of time, milliseconds since 1970. */
export interface Window {
  from: number;
  to: number;
}

/** Components log a little before and after a test notices. */
const MARGIN_MS = 3_000;
/** Characters of a log line that are shown. */
const LINE_LENGTH = 300;

/**
 * When a test ran. It began when its pod said so. Otherwise it follows the tests before it, from the start of the report.
 * Undefined if neither is known.
 */
export function windowOf(
  report: TestReport,
  test: TestRecord,
  printed: readonly ObservedTest[] = [],
): Window | undefined {
  const at = printed.find((one) => nameOf(one) === nameOf(test) && one.at !== undefined)?.at;
  if (at) {
    const end = Date.parse(at);
    return { from: end - test.seconds * 1000 - MARGIN_MS, to: end + MARGIN_MS };
  }
  const start = Date.parse(report.status?.startedAt ?? '');
  if (Number.isNaN(start)) return undefined;
  const tests = report.status?.tests ?? [];
  const index = tests.findIndex((each) => each.id === test.id);
  const before = tests.slice(0, index).reduce((total, each) => total + each.seconds, 0);
  const end = start + (before + test.seconds) * 1000;
  // The tests' seconds do not include hooks. So the true end may be as late as the last write of the report.
  const last = Date.parse(report.status?.finishedAt ?? report.status?.updatedAt ?? '');
  return {
    from: start + before * 1000 - MARGIN_MS,
    to: (Number.isNaN(last) ? end : Math.max(end, last)) + MARGIN_MS,
  };
}

/** Whether a time (RFC 3339) lies in a window. */
export function within(at: string, window: Window): boolean {
  const time = Date.parse(at);
  return time >= window.from && time <= window.to;
}

/** Alarming lines of component logs within a window, oldest first, without repetitions. */
export function alarmsWithin(logs: readonly ContainerLog[], window: Window): string[] {
  const seen = new Set<string>();
  return logs
    .flatMap((log) => {
      const source = `${log.component}/${log.container}`;
      return log.text.split('\n').flatMap((line) => {
        const { at, text } = splitTimestamp(line);
        if (at === undefined || !isAlarm(text) || !within(at, window)) return [];
        return [{ at, source, text: text.trim() }];
      });
    })
    .sort((a, b) => a.at.localeCompare(b.at))
    .filter(({ source, text }) => {
      const key = `${source} ${withoutNumbers(text)}`;
      return !seen.has(key) && seen.add(key);
    })
    .map(({ at, source, text }) => `${at.slice(11, 23)} ${source}: ${text.slice(0, LINE_LENGTH)}`);
}
