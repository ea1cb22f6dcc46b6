/** Value without its undefined members, as TypeScript sees it. */
type Given<T> = T extends readonly (infer Item)[]
  ? Given<Item>[]
  : T extends object
    ? { [Key in keyof T]: Exclude<Given<T[Key]>, undefined> }
    : T;

/** Strings that are shared at a time. What belongs together (run, report, Job, pod) is heard of within moments. */
const SHARED = 1_024;
/** Longer strings are texts for people, which seldom repeat. */
const LONGEST = 128;

/** Strings met lately, so that the same name or uid in several objects is one string in memory. */
const known = new Map<string, string>();

/**
 * The same JSON in the least memory: parsed anew, its objects have no room for further fields, which a copy made by
 * spreading has; its strings are its own and not parts of a larger text, and one with those of objects met lately; members
 * that are undefined are left out.
 */
export function compact<T extends object>(value: T): Given<T> {
  const copy = JSON.parse(JSON.stringify(value));
  shareIn(copy);
  return copy;
}

function shareIn(value: Record<string, unknown> | unknown[]): void {
  // Of an array the keys are its indices.
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
