/** Characters that act instead of showing: controls other than line breaks and tabs, and those that turn the direction. */
const ACTING = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u2028\u2029]/gu;
const KEPT = '\n\t';

/** The text with each acting character shown as its code, for example "⟨U+202E⟩". Half a surrogate pair becomes U+FFFD. */
export function inertText(text: string): string {
  return text.toWellFormed().replace(ACTING, (found) => (KEPT.includes(found) ? found : codeOf(found)));
}

/** A copy of plain data in which every string is inert, keys included. */
export function inert<T>(value: T): T {
  return copyOf(value) as T;
}

function copyOf(value: unknown): unknown {
  if (typeof value === 'string') return inertText(value);
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [inertText(key), copyOf(each)]));
}

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
