/** An identifier for the page from parts of any content: letters, digits, "-" and "_" only. */
export function anchorOf(...parts: readonly string[]): string {
  return parts
    .map((part) => part.replace(/[^A-Za-z0-9-]/g, (each) => `_${each.charCodeAt(0).toString(36)}`))
    .join('__');
}

/** Anchor of the failure of a test. */
export function failureAnchor(suite: string, id: string): string {
  return anchorOf('failure', suite, id);
}

/** Milliseconds since 1970 of an RFC 3339 time, or undefined for none. */
export function time(at: string | undefined): number | undefined {
  const value = Date.parse(at ?? '');
  return Number.isNaN(value) ? undefined : value;
}
