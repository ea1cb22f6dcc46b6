/**
 * Characters that JSON does not escape. YAML refuses them or reads them as a line break (YAML 1.2, sections 5.1 and 5.4). They
 * are control characters beyond ASCII, line separators, the byte order mark, and noncharacters.
 */
const NOT_IN_YAML = /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * The body of a server-side apply: JSON that is also valid YAML, as application/apply-patch+yaml demands. Messages of pods
 * and of failed tests contain any character. One invalid character makes the API server refuse every write of the object.
 * Half of a surrogate pair, which UTF-8 cannot encode, becomes U+FFFD.
 */
export function applyBody(object: unknown): string {
  const whole = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? value.toWellFormed() : value;
  return JSON.stringify(object, whole).replace(NOT_IN_YAML, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
