/**
 * Characters that JSON leaves as they are and YAML does not take, or takes for the end of a line: control characters beyond
 * ASCII's, its line breaks, the mark of byte order, and what is no character (YAML 1.2, 5.1 and 5.4).
 */
const NOT_IN_YAML = /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * The body of a server-side apply: JSON that the API server can read as YAML, which application/apply-patch+yaml says it is.
 * Texts of pods and of suites' errors hold anything: one such character, and every write of that object would be refused.
 * Halves of surrogate pairs, which no encoding of Unicode can carry, become U+FFFD.
 */
export function applyBody(object: unknown): string {
  const whole = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? value.toWellFormed() : value;
  return JSON.stringify(object, whole).replace(NOT_IN_YAML, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
