import { ConfigError } from '../access/config-error.ts';
import type { KubeconfigUser } from './file.ts';

/**
 * The headers that ask the API server to act as another user (Kubernetes documentation, "User impersonation").
 * Throws ConfigError when groups, a UID or extra fields are given without a user: the API server ignores them.
 */
export function impersonationHeaders(user: KubeconfigUser): Record<string, string | string[]> {
  const groups = user['as-groups'] ?? [];
  const extra = Object.entries(user['as-user-extra'] ?? {});
  const uid = user['as-uid'];
  if (!user.as) {
    if (groups.length === 0 && extra.length === 0 && !uid) return {};
    throw new ConfigError('The user impersonates groups, a UID or extra fields, but no user: set "as" too.');
  }
  const headers: Record<string, string | string[]> = { 'impersonate-user': user.as };
  if (uid) headers['impersonate-uid'] = String(uid);
  if (groups.length > 0) headers['impersonate-group'] = groups.map(String);
  for (const [key, values] of extra) {
    headers[`impersonate-extra-${escapedKey(key)}`] = values.map(String);
  }
  return headers;
}

/** Percent-encodes what a header's name may not hold, and the percent sign itself, as client-go does. */
function escapedKey(key: string): string {
  return key
    .toLowerCase()
    .replace(/[^!#$&'*+\-.^_`|~0-9a-z]/g, (character) =>
      [...Buffer.from(character)]
        .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
        .join(''),
    );
}
