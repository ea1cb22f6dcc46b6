import type { TestReportStatus } from '@backendai-e2e/api/test-report';

/** Errors keep at least this many bytes while omitting passed tests can make room. */
const SHORTEST_ERROR = 512;

/** Bytes of a value as JSON. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/**
 * Cuts a text to at most `bytes` bytes of UTF-8, never within a character. Notes the cut at the end. Returns a text that fits
 * unchanged.
 */
export function cutText(text: string, bytes: number): string {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return text;
  const note = ' … (cut)';
  const room = Math.max(0, bytes - Buffer.byteLength(note));
  let end = room;
  // A byte 10xxxxxx continues a character: step back to the start of that character.
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  const cut = whole.subarray(0, end).toString() + note;
  return Buffer.byteLength(cut) <= bytes ? cut : '';
}

/**
 * Fits a report into a budget of bytes (as JSON). Takes as many steps as needed, in this order:
 * 1. Omit the waits.
 * 2. Cut the longest errors to one common length.
 * 3. Omit passed and skipped tests, oldest first.
 * 4. Cut errors completely.
 * 5. Omit any tests, oldest first.
 *
 * Counts stay complete, and `omitted` says what is missing. Pure: the argument is not changed.
 * @param maxBytes budget of the whole status
 * @param errorBytes longest error in any report
 */
export function fitReport(status: TestReportStatus, maxBytes: number, errorBytes: number): TestReportStatus {
  const cutTo = (level: number) => withErrors(status, level);
  if (jsonBytes(cutTo(errorBytes)) <= maxBytes) return cutTo(errorBytes);
  if (status.waits) {
    const { waits: _, ...others } = status;
    return fitReport(others, maxBytes, errorBytes);
  }
  if (jsonBytes(cutTo(SHORTEST_ERROR)) <= maxBytes) {
    return cutTo(largest(SHORTEST_ERROR, errorBytes, (level) => jsonBytes(cutTo(level)) <= maxBytes));
  }
  const quiet = (status.tests ?? [])
    .filter((test) => test.state === 'passed' || test.state === 'pending')
    .map((test) => test.id);
  const some = leaveOut(cutTo(SHORTEST_ERROR), quiet, maxBytes);
  if (jsonBytes(some) <= maxBytes) return some;
  const tight = (level: number) => leaveOut(cutTo(level), quiet, maxBytes);
  const bare = tight(largest(0, SHORTEST_ERROR, (level) => jsonBytes(tight(level)) <= maxBytes));
  if (jsonBytes(bare) <= maxBytes) return bare;
  return leaveOut(
    bare,
    (bare.tests ?? []).map((test) => test.id),
    maxBytes,
  );
}

function withErrors(status: TestReportStatus, level: number): TestReportStatus {
  let cut = 0;
  const tests = (status.tests ?? []).map((test) => {
    if (test.error === undefined) return test;
    const { error, ...rest } = test;
    const short = cutText(error, level);
    cut += Buffer.byteLength(error) - Buffer.byteLength(short);
    return short ? { ...rest, error: short } : rest;
  });
  const before = status.omitted ?? { tests: 0, errorBytes: 0 };
  const after = status.tests ? { ...status, tests } : status;
  return cut ? { ...after, omitted: { ...before, errorBytes: before.errorBytes + cut } } : after;
}

/** Omits as few of `ids` as possible, starting with the first. */
function leaveOut(status: TestReportStatus, ids: readonly string[], maxBytes: number): TestReportStatus {
  const without = (count: number): TestReportStatus => {
    if (count === 0) return status;
    const gone = new Set(ids.slice(0, count));
    const before = status.omitted ?? { tests: 0, errorBytes: 0 };
    return {
      ...status,
      tests: (status.tests ?? []).filter((test) => !gone.has(test.id)),
      omitted: { ...before, tests: before.tests + gone.size },
    };
  };
  const kept = largest(0, ids.length, (keep) => jsonBytes(without(ids.length - keep)) <= maxBytes);
  return without(ids.length - kept);
}

/** Largest integer in [low, high] that fits, or low. Every number below a fitting one must fit. */
function largest(low: number, high: number, fits: (value: number) => boolean): number {
  let known = low;
  let unknown = high;
  while (known < unknown) {
    const middle = Math.ceil((known + unknown) / 2);
    if (fits(middle)) known = middle;
    else unknown = middle - 1;
  }
  return known;
}
