/** One form in which a secret may be printed. */
export interface Form {
  /** A part of every text that contains the form: without it there is nothing to replace. */
  readonly text: string;
  replace(within: string, mask: string): string;
}

/** A short word of letters or a short number. Texts contain such words without meaning a secret. */
const ORDINARY = /^(?:[a-z]{1,7}|\d{1,5})$/i;
/** Longer words that texts of this project contain for their own sake. */
const VOCABULARY = new Set(
  'password postgres postgresql database registry scheduler container deployment interrupted inconclusive operator environment kubernetes username localhost resource terminated'.split(
    ' ',
  ),
);
/** A value of letters alone or of digits alone is weak up to this many characters. */
const WEAK_LENGTH = 12;
/** A value of several kinds of characters is weak below this many. */
const STRONG_LENGTH = 8;
/** Lines of a key or certificate in PEM are secrets from this many characters on. */
const LINE_LENGTH = 8;

/** How likely it is that a text contains a value without meaning the secret. */
type Strength = 'ordinary' | 'weak' | 'strong';

function strengthOf(value: string): Strength {
  if (ORDINARY.test(value) || VOCABULARY.has(value.toLowerCase())) return 'ordinary';
  const uniform = /^(?:\p{L}+|\p{N}+)$/u.test(value);
  return value.length < (uniform ? WEAK_LENGTH + 1 : STRONG_LENGTH) ? 'weak' : 'strong';
}

/** Every form of a secret value, of at least 4 characters. */
export function formsOf(value: string): Form[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const parts = value.includes('-----BEGIN ') ? lines.filter((line) => line.length >= LINE_LENGTH) : [];
  return [value, ...parts].flatMap((part) => {
    const strength = strengthOf(part);
    const bytes = Buffer.from(part);
    return [
      ...[...new Set(spellings(part))].map((text) => spelled(text, strength)),
      ...base64Cores(bytes).map(base64Form),
      ...[bytes.toString('hex'), bytes.toString('hex').toUpperCase()].map((text) => spelled(text, 'strong')),
    ];
  });
}

/** The value as it is, in JSON (also within a string of JSON), URLs, forms, HTML and XML. */
function spellings(value: string): string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const url = encodeURIComponent(value.toWellFormed());
  const strict = url.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const html = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return [
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    ...[url, strict].flatMap((each) => [each, each.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]),
    // As HTML forms send it: other characters are escaped than in the rest of a URL.
    new URLSearchParams([['', value]]).toString().slice(1),
    html,
    html.replaceAll('"', '&quot;'),
    html.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
  ];
}

function spelled(text: string, strength: Strength): Form {
  if (strength === 'strong') return { text, replace: (within, mask) => within.replaceAll(text, mask) };
  const pattern = new RegExp(AROUND[strength](text.replace(REGEXP_SIGN, '\\$&')), 'giu');
  return { text, replace: (within, mask) => within.replace(pattern, mask) };
}

/** Characters with a meaning in regular expressions. */
const REGEXP_SIGN = /[\\^$.*+?()[\]{}|/]/g;

/** A name of a secret and what may stand between it and its value: `password=`, `"token": "`, "the passphrase is". */
const NAMED =
  '(?:password|passwd|passphrase|passcode|pwd|secret|token|key|credentials?|authorization|cookie|pass(?=["\']?\\s*[:=]))' +
  '[\\w-]{0,20}["\'\\])]{0,2}\\s{0,3}(?:[:=]>?|\\bis\\b|\\bwas\\b)?\\s{0,3}["\'(\\[]{0,2}';

/** What must be around a value that is not strong. */
const AROUND: Record<Exclude<Strength, 'strong'>, (value: string) => string> = {
  // A word of its own.
  weak: (value) => `(?<![\\p{L}\\p{N}])${value}(?![\\p{L}\\p{N}])`,
  // A word that a name or the syntax of a URL ("user:value@host") calls secret.
  ordinary: (value) => `(?<=${NAMED})${value}(?![\\p{L}\\p{N}])|(?<=//[^\\s/@:]*:)${value}(?=@)`,
};

/**
 * The characters of Base64 that only these bytes decide, in both alphabets. They differ for each of the three places at which
 * the bytes can begin in a longer text. Three bytes become four characters (RFC 4648, section 4).
 */
function base64Cores(bytes: Buffer): string[] {
  const cores = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((whole.length * 8) / 6);
    return whole.toString('base64').slice(first, last);
  });
  const all = cores.flatMap((core) => [core, core.replaceAll('+', '-').replaceAll('/', '_')]);
  return [...new Set(all)];
}

const BASE64_SIGN = /[A-Za-z0-9+/_=-]/;

/** Masks the whole word of Base64 around a core: the characters beside the core still hold bits of the secret. */
function base64Form(core: string): Form {
  return {
    text: core,
    replace: (within, mask) => {
      let masked = '';
      let done = 0;
      for (let at = within.indexOf(core); at >= 0; at = within.indexOf(core, done)) {
        let from = at;
        let to = at + core.length;
        while (from > done && BASE64_SIGN.test(within.charAt(from - 1))) from -= 1;
        while (to < within.length && BASE64_SIGN.test(within.charAt(to))) to += 1;
        masked += within.slice(done, from) + mask;
        done = to;
      }
      return masked + within.slice(done);
    },
  };
}
