import type { AlarmLine } from './log-lines.ts';
import type { Alarm, Cause, PageChange, PageFault, Window } from './page-data.ts';

/** What is known about the time of a failure. */
export interface Scene {
  /** The text of the error. */
  error: string;
  window: Window;
  /** Names of the components that were deployed. */
  components: readonly string[];
  changes: readonly PageChange[];
  /** Faults in force in the window, of the attempt's environment. */
  faults: readonly PageFault[];
  alarms: readonly (Alarm & AlarmLine)[];
  /** Components whose digest differs from the run before. */
  newDigests: readonly string[];
}

/**
 * What one piece of evidence weighs. A fault that a test asked for explains its effects, not the failure of the test to
 * cope: it weighs less than an unexpected restart.
 */
const WEIGHTS = {
  restart: 8,
  fault: 6,
  unready: 5,
  rareAlarm: 4,
  named: 3,
  digest: 3,
  alarm: 1,
} as const;

/** Most alarming lines of one component that count. */
const COUNTED = 3;

/**
 * Components that may have caused a failure, heaviest evidence first; of equal ones, the one whose evidence came first.
 * The rules are the weights above: each piece of evidence is a sentence with its time. Pure.
 */
export function firstCauses(scene: Scene): Cause[] {
  const found = new Map<string, { weight: number; first: number; evidence: string[] }>();
  const add = (component: string, weight: number, at: number, sentence: string) => {
    const entry = found.get(component) ?? { weight: 0, first: at, evidence: [] };
    entry.weight += weight;
    entry.first = Math.min(entry.first, at);
    entry.evidence.push(sentence);
    found.set(component, entry);
  };
  const inWindow = ({ at }: { at: number }) => at >= scene.window.from && at <= scene.window.to;
  for (const change of scene.changes.filter(inWindow)) {
    if (change.kind === 'restart')
      add(change.subject, WEIGHTS.restart, change.at, `${clock(change.at)} ${change.text}`);
    if (change.kind === 'unready')
      add(
        change.subject,
        WEIGHTS.unready,
        change.at,
        `${clock(change.at)} lost its readiness: ${change.text}`,
      );
  }
  for (const fault of scene.faults) {
    const at = fault.injected ?? fault.asked;
    add(
      fault.component,
      WEIGHTS.fault,
      at,
      `${clock(at)} the fault ${fault.name} (${fault.action}) was in force`,
    );
  }
  const counted = new Map<string, number>();
  for (const alarm of scene.alarms) {
    const count = (counted.get(alarm.component) ?? 0) + 1;
    counted.set(alarm.component, count);
    if (count > COUNTED) continue;
    const weight = alarm.rare ? WEIGHTS.rareAlarm : WEIGHTS.alarm;
    const what = alarm.rare ? 'wrote a line that it writes only when something fails' : 'wrote a warning';
    add(alarm.component, weight, alarm.at, `${clock(alarm.at)} ${what}: ${alarm.text.slice(0, 160)}`);
  }
  for (const component of scene.components) {
    if (names(scene.error, component)) add(component, WEIGHTS.named, scene.window.to, 'the error names it');
    if (scene.newDigests.includes(component))
      add(component, WEIGHTS.digest, scene.window.to, 'its digest differs from the run before');
  }
  return [...found]
    .map(([component, entry]) => ({ component, ...entry }))
    .sort((a, b) => b.weight - a.weight || a.first - b.first)
    .map(({ component, weight, evidence }) => ({ component, weight, evidence }));
}

/** Whether a text names a component as a word of its own. */
function names(text: string, component: string): boolean {
  const plain = component.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(^|[^\\w-])${plain}([^\\w-]|$)`, 'i').test(text);
}

/** Time of day in UTC. */
function clock(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString().slice(11, 19) : '';
}
