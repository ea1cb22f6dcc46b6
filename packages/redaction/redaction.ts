/** The replacement of a secret. */
export const MASK = '•••';

/** Names of fields whose values are secret at any depth. */
const SECRET_NAME = /password|secret|token|access_?key|credential|authorization|cookie/i;

/** Minimum length of masked values: shorter ones would hide half of any text. */
const SHORTEST = 4;

/** The secret values known to this process. Only this class masks them. */
export class Secrets {
  #values: string[] = [];

  /** Adds values to mask, including their forms in URLs, JSON and Base64. */
  add(values: readonly string[]): void {
    const forms = values
      .filter((value) => value.length >= SHORTEST)
      .flatMap((value) => [
        value,
        encodeURIComponent(value),
        JSON.stringify(value).slice(1, -1),
        Buffer.from(value).toString('base64'),
      ]);
    // Longest first: a secret that contains another one is masked as a whole.
    this.#values = [...new Set([...this.#values, ...forms])].sort((a, b) => b.length - a.length);
  }

  /** The text with every known secret replaced by {@link MASK}. */
  mask(text: string): string {
    return this.#values.reduce((masked, value) => masked.replaceAll(value, MASK), text);
  }
}

/** A copy of JSON data with every known secret in its strings masked; field names stay. */
export function maskStrings<T>(value: T, secrets: Secrets): T {
  const masked = (inner: unknown): unknown => {
    if (typeof inner === 'string') return secrets.mask(inner);
    if (Array.isArray(inner)) return inner.map(masked);
    if (typeof inner !== 'object' || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, each]) => [name, masked(each)]));
  };
  // The cast: strings become strings, everything else keeps its shape.
  return masked(value) as T;
}

/** All string values below fields with a secret name, for example in a Connection. */
export function secretValues(value: unknown, secret = false): string[] {
  if (typeof value === 'string') return secret ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    secretValues(inner, secret || (SECRET_NAME.test(name) && !/url$/i.test(name))),
  );
}

/** A copy of JSON data in which every string below a field with a secret name is {@link MASK}. */
export function maskFields(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskFields);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [
      name,
      SECRET_NAME.test(name) && typeof inner === 'string' ? MASK : maskFields(inner),
    ]),
  );
}
