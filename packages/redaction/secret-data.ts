import { isSecretName, secretValues } from './redaction.ts';

/** Minimum length of masked values: shorter ones would hide ordinary words. */
const SHORTEST = 6;
/** Longest text that is a secret as a whole. Longer ones are files with settings, in which some values are secret. */
const LONGEST = 512;
/** A line "name = value" of a file with settings. */
const SETTING = /^[^\S\n]*["']?([\w.-]+)["']?[^\S\n]*[:=][^\S\n]*["']?([^\s"',]+)/gm;
const URL_PASSWORD = /:\/\/[^\s/@:]*:([^\s/@]+)@/g;

/**
 * The secret values in the data of a Secret of Kubernetes. Short texts count as they are, and keys and tokens in PEM. In JSON, URLs
 * and files with settings, what they name as secret counts.
 * @param data values in Base64, as the API server sends them
 */
export function secretDataValues(data: Readonly<Record<string, string>> = {}): string[] {
  return Object.values(data)
    .flatMap((value) => valuesIn(Buffer.from(value, 'base64').toString()))
    .filter((each) => each.length >= SHORTEST);
}

function valuesIn(text: string): string[] {
  const isWhole = text.length <= LONGEST || text.includes('-----BEGIN ');
  return [...(isWhole ? [text] : []), ...jsonValues(text), ...settingValues(text)];
}

function jsonValues(text: string): string[] {
  try {
    return secretValues(JSON.parse(text));
  } catch {
    // Most values are no JSON.
    return [];
  }
}

function settingValues(text: string): string[] {
  const named = [...text.matchAll(SETTING)].flatMap(([, name = '', value = '']) =>
    isSecretName(name) ? [value] : [],
  );
  return [...named, ...[...text.matchAll(URL_PASSWORD)].flatMap(([, password]) => password ?? [])];
}
