import { type Form, formsOf } from './forms.ts';

/** The replacement of a secret. */
export const MASK = '•••';

/** Words that make the name of a field secret: names are split into words at capitals and signs. */
const SECRET_WORDS = new Set([
  ...[
    'password',
    'passwords',
    'passwd',
    'passphrase',
    'passcode',
    'pass',
    'pwd',
    'pw',
    'pat',
    'secret',
    'secrets',
  ],
  ...['token', 'tokens', 'credential', 'credentials', 'authorization', 'bearer', 'cookie', 'cookies', 'dsn'],
  'kubeconfig',
]);
/** Such words in names that are written together. */
const SECRET_PART =
  /password|passwd|passphrase|pwd$|secret|token|apikey|accesskey|privatekey|secretkey|credential|authorization|cookie/;
/** What makes a key secret: a public key is not. */
const SECRET_KEYS = new Set(
  'access api private secret signing encryption hmac ssh account storage master shared auth client'.split(
    ' ',
  ),
);
/** Names that look secret and are not: places, and names of objects that hold secrets. */
const PUBLIC_WORDS = new Set('url uri endpoint ref name type expires expiry ttl seconds count'.split(' '));

/** Minimum length of masked values: shorter ones would hide half of any text. */
const SHORTEST = 4;

/** Whether the name of a field says that its value is secret: "passwd", "apiKey", "X-Auth-Token", not "tokenUrl". */
export function isSecretName(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  if (PUBLIC_WORDS.has(words.at(-1) ?? '') || name.toLowerCase().endsWith('url')) return false;
  const isKey = words.some((word, index) => /^keys?$/.test(word) && SECRET_KEYS.has(words[index - 1] ?? ''));
  return isKey || words.some((word) => SECRET_WORDS.has(word)) || SECRET_PART.test(words.join(''));
}

/** The secret values known to this process. Only this class masks them. */
export class Secrets {
  readonly #known = new Set<string>();
  #forms: Form[] = [];

  /**
   * Adds values to mask, in the forms in which programs print them. These are URLs, JSON, HTML, hexadecimal, and Base64 at any
   * place of a longer text. A weak value is an ordinary word, for example. It is masked only as a word of its own, or where a
   * name says that it is secret.
   */
  add(values: readonly string[]): void {
    const fresh = values.filter((value) => value.length >= SHORTEST && !this.#known.has(value));
    if (fresh.length === 0) return;
    for (const value of fresh) this.#known.add(value);
    // Longest first: a secret that contains another one is masked as a whole.
    this.#forms = [...this.#forms, ...fresh.flatMap(formsOf)].sort((a, b) => b.text.length - a.text.length);
  }

  /** The text with every known secret replaced by {@link MASK}. */
  mask(text: string): string {
    return this.#forms.reduce(
      (masked, form) => (masked.includes(form.text) ? form.replace(masked, MASK) : masked),
      text,
    );
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

/** The password in a URL with one, such as "postgres://user:password@host/": as it is, and decoded. */
function passwordInUrl(text: string): string[] {
  const [, password] = /^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:([^\s/@]+)@/i.exec(text) ?? [];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    // It is not encoded as a URL wants it, so its text is all there is.
    return [password];
  }
}

/**
 * All secret values in JSON data, for example in a Connection. These are texts and numbers below fields with a secret name, and
 * passwords in URLs.
 */
export function secretValues(value: unknown, secret = false): string[] {
  if (typeof value === 'string') return [...(secret ? [value] : []), ...passwordInUrl(value)];
  if (typeof value === 'number') return secret ? [String(value)] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    secretValues(inner, secret || isSecretName(name)),
  );
}

/** A copy of JSON data in which every string below a field with a secret name is {@link MASK}. */
export function maskFields(value: unknown, secret = false): unknown {
  if (typeof value === 'string') return secret ? MASK : value;
  if (Array.isArray(value)) return value.map((each) => maskFields(each, secret));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [
      name,
      maskFields(inner, secret || isSecretName(name)),
    ]),
  );
}
