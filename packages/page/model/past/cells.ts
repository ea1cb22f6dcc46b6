import { TEST_STATES, VERDICTS } from '@backendai-e2e/api/verdict';

/** A run without the suite or the test. */
export const ABSENT = ' ';
/** Without a verdict. */
const NONE = '-';
const FIRST = 'a'.charCodeAt(0);

/** What a letter of a row stands for: a verdict or a state of a test. */
export function cellOf(state: string | undefined): string {
  if (state === undefined) return NONE;
  const place = [...VERDICTS, ...TEST_STATES].indexOf(state as (typeof VERDICTS)[number]);
  return place < 0 ? NONE : String.fromCharCode(FIRST + place);
}

/** The verdict or the state of a letter; undefined where there is none. */
export function stateOf(cell: string | undefined): string | undefined {
  if (cell === undefined || cell === ABSENT) return undefined;
  return cell === NONE ? 'no verdict' : [...VERDICTS, ...TEST_STATES][cell.charCodeAt(0) - FIRST];
}
