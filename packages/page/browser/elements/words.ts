import { TEST_MARKS, type TestState, VERDICTS, type Verdict } from '@backendai-e2e/api/verdict';
import { VERDICT_POLICY } from '@backendai-e2e/api/verdict-policy';

/** A glyph for a verdict or a state of a test. Color only repeats what it says. */
export function glyphOf(state: string): string {
  if (isVerdict(state)) return VERDICT_POLICY[state].mark;
  return Object.hasOwn(TEST_MARKS, state) ? TEST_MARKS[state as TestState] : '·';
}

/** The class that colors a verdict or a state: good, bad, odd or quiet. */
export function toneOf(state: string): 'good' | 'bad' | 'odd' | 'quiet' {
  switch (state) {
    case 'Passed':
    case 'passed':
      return 'good';
    case 'Flaky':
    case 'KnownIssue':
    case 'known-issue':
    case 'Inconclusive':
    case 'inconclusive':
      return 'odd';
    case 'Skipped':
    case 'pending':
    case 'Waiting':
    case 'Running':
      return 'quiet';
    default:
      return 'bad';
  }
}

/** Seconds for people: "0.42 s", "12.3 s", "4 min 05 s". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** Time of day in UTC with tenths of a second. */
export function clockTime(at: number | undefined): string {
  return at === undefined || !Number.isFinite(at) ? '–' : new Date(at).toISOString().slice(11, 21);
}

/** Date and time of day in UTC. */
export function dateTime(at: number | undefined): string {
  return at === undefined ? '–' : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** "1 test", "2 tests". */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`;
}

function isVerdict(state: string): state is Verdict {
  return (VERDICTS as readonly string[]).includes(state);
}
