import { createHmac, randomBytes } from 'node:crypto';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JSON Web Token with the claims, signed with HMAC-SHA-256 (RFC 7519). */
export function signedToken(claims: object, secret: string): string {
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

/** An unsigned token with the claims (algorithm "none"). */
export function unsignedToken(claims: object): string {
  return `${part({ alg: 'none', typ: 'JWT' })}.${part(claims)}.`;
}

/** A token with the same claims, signed with another key. */
export function forged(token: string): string {
  const claims = token.split('.').slice(0, 2).join('.');
  return `${claims}.${createHmac('sha256', randomBytes(32)).update(claims).digest('base64url')}`;
}

/** The claims of a token. The signature is not checked. */
export function claimsOf(token: string): Record<string, unknown> {
  const [, claims = ''] = token.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString());
}
