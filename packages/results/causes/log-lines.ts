import { isAlarm, withoutNumbers } from '../alarming.ts';
import { splitTimestamp } from '../printed-output.ts';
import type { Alarm, AlarmLine, Window } from './scene.ts';

/** The log of one container. */
export interface LogText {
  /** For people: component and container, for example "manager/manager". */
  source: string;
  component: string;
  namespace: string;
  /** Lines that begin with the kubelet's timestamp. */
  text: string;
}

/** Characters of a line that a failure shows. */
const LENGTH = 400;

/** All alarming lines of some logs, oldest first. */
export function alarmLines(logs: readonly LogText[]): AlarmLine[] {
  return logs
    .flatMap(({ source, component, namespace, text }) =>
      text.split('\n').flatMap((line) => {
        if (!isAlarm(line)) return [];
        const { at, text: rest } = splitTimestamp(line);
        const time = Date.parse(at ?? '');
        return Number.isNaN(time) ? [] : [{ at: time, source, component, namespace, text: rest.trim() }];
      }),
    )
    .sort((a, b) => a.at - b.at);
}

/** What makes two lines the same: their component and their text without numbers. */
export function kindOfLine({ component, text }: Pick<AlarmLine, 'component' | 'text'>): string {
  return `${component} ${withoutNumbers(text).slice(0, LENGTH)}`;
}

/** The kinds of alarming lines of the runs that succeeded. */
export interface GreenLines {
  /** Name of the last of them. */
  run: string;
  kinds: ReadonlySet<string>;
}

/**
 * The alarming lines in a window without repetitions.
 * @param usual lines (by {@link kindOfLine}) that components also write when nothing fails
 */
export function alarmsIn(
  lines: readonly AlarmLine[],
  window: Window,
  usual: ReadonlySet<string>,
): (Alarm & AlarmLine)[] {
  const seen = new Set<string>();
  return lines.flatMap((line) => {
    if (line.at < window.from || line.at > window.to) return [];
    const kind = kindOfLine(line);
    if (seen.has(kind)) return [];
    seen.add(kind);
    return [{ ...line, text: line.text.slice(0, LENGTH), rare: !usual.has(kind) }];
  });
}
