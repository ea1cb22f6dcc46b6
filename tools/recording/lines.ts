import { plainLine } from '@backendai-e2e/results/plain-text';

/** A line of a recording. */
export interface Shown {
  /** Seconds after the first line at which it appears. */
  at: number;
  text: string;
}

/** A line of job.log: "[  12.3s] text". */
const TIMED = /^\[ *(?<at>[\d.]+)s\] (?<text>.*)$/;
/** What a job repeats while suites run. A recording shows one in {@link ONE_IN} of them. */
const REPEATED =
  /^ {2}(environment |run |e2e(-\d+)?: )|^ {4}e2e(-\d+)? ✔|^ {2}[a-z0-9-]+ in e2e(-\d+)?: started/;
const ONE_IN = 12;
/** The log up to this phase is shown whole. */
const SUITES = '▸ test run';
/** Seconds of the recording until the suites begin, until they end, and for the tables after them. */
const SECONDS = { before: 9, suites: 18, end: 5 } as const;
/** A home folder, which is of no interest to a reader. */
const HOME = /\/(root|home\/[^/ ]+)(?=\/)/g;

/**
 * The lines of a recording, from the job.log of a real run. Hours become seconds: each part of the log has its own pace. While
 * suites run, most repeated lines are left out. Pure.
 */
export function shownLines(log: string): Shown[] {
  const lines = log.trimEnd().split('\n').map(timed);
  const from = lines.findIndex(({ text }) => text.startsWith(SUITES));
  const last = lines.findLastIndex(({ at }) => at !== undefined);
  if (from < 0 || last < from)
    throw new Error(`the log has no line "${SUITES}": name the job.log of a whole job`);
  const first = lines.findIndex(({ text }, index) => index > from && text.endsWith(': started'));
  const head = Math.max(from, first);
  let repeated = 0;
  const middle = lines.slice(head, last + 1).filter(({ text }) => {
    if (!REPEATED.test(text)) return true;
    repeated += 1;
    return repeated % ONE_IN === 1;
  });
  const parts = [
    { lines: lines.slice(0, head), seconds: SECONDS.before },
    { lines: middle, seconds: SECONDS.suites },
    { lines: lines.slice(last + 1), seconds: SECONDS.end },
  ];
  let start = 0;
  return parts.flatMap((part) => {
    const shown = part.lines.map(({ text }, index) => ({
      at: start + (index / Math.max(1, part.lines.length)) * part.seconds,
      text,
    }));
    start += part.seconds;
    return shown;
  });
}

function timed(line: string): { at?: number; text: string } {
  const { at, text } = TIMED.exec(line)?.groups ?? {};
  const shown = plainLine((text ?? line).replace(HOME, '~'));
  return at === undefined ? { text: shown } : { at: Number(at), text: shown };
}
