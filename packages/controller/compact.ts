/** The type of a value without its undefined members. */
type Given<T> = T extends readonly (infer Item)[]
  ? Given<Item>[]
  : T extends object
    ? { [Key in keyof T]: Exclude<Given<T[Key]>, undefined> }
    : T;

/** Number of shared strings. Related objects (run, report, Job, pod) arrive within a short time. */
const SHARED = 1_024;
/** Longer strings are messages, which rarely repeat. */
const LONGEST = 128;

/** Recent strings, so that the same name or uid in several objects is one string in memory. */
const known = new Map<string, string>();

/**
 * The same JSON with minimal memory. Parsed objects reserve no space for further fields, unlike spread copies. Strings are not
 * slices of a larger text, and are shared with recent objects. Undefined members are dropped.
 */
export function compact<T extends object>(value: T): Given<T> {
  const copy = JSON.parse(JSON.stringify(value));
  shareIn(copy);
  return copy;
}

function shareIn(value: Record<string, unknown> | unknown[]): void {
  // The keys of an array are its indices.
  const members = value as Record<string, unknown>;
  for (const key of Object.keys(members)) {
    const member = members[key];
    if (typeof member === 'string') members[key] = shared(member);
    else if (typeof member === 'object' && member !== null) shareIn(member as Record<string, unknown>);
  }
}

function shared(text: string): string {
  if (text.length > LONGEST) return text;
  const before = known.get(text);
  if (before !== undefined) return before;
  known.set(text, text);
  if (known.size > SHARED) {
    const [oldest = ''] = known.keys();
    known.delete(oldest);
  }
  return text;
}
