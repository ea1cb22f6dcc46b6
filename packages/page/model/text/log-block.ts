/** A line of a log with its time, in ms since 1970. A line without a time has that of the line before it. */
export interface TimedLine {
  at: number;
  text: string;
}

const TIMESTAMP = /^(\d{4}-\d\d-\d\dT[\d:]{8}(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) /;
const RADIX = 36;

/**
 * A log for the page. Its first line has the ms from line to line. Then follow the lines, without the timestamps of the kubelet.
 * It packs to half, because nanoseconds are noise. Pure.
 */
export function packLog(text: string): string {
  let last = 0;
  const lines = text.replace(/\n+$/, '').split('\n');
  const parts = lines.map((line) => {
    const stamp = TIMESTAMP.exec(line)?.[1];
    const at = Date.parse(stamp ?? '');
    if (stamp === undefined || Number.isNaN(at)) return { step: '', text: line };
    const step = (at - last).toString(RADIX);
    last = at;
    return { step, text: line.slice(stamp.length + 1) };
  });
  return `${parts.map(({ step }) => step).join(' ')}\n${parts.map((part) => part.text).join('\n')}`;
}

/** The lines of a log that {@link packLog} made. Pure. */
export function unpackLog(packed: string): TimedLine[] {
  const [steps = '', ...texts] = packed.split('\n');
  const all = steps.split(' ');
  let at = 0;
  return texts.map((text, place) => {
    at += Number.parseInt(all[place] || '0', RADIX);
    return { at, text };
  });
}
