import { readFileSync } from 'node:fs';
import type { Dispatcher } from 'undici';
import { ConfigError } from '../access/config-error.ts';

/** Milliseconds for each answer of the identity provider. */
const PROVIDER_MS = 10_000;

/** A token is renewed this long before it expires, as client-go does. */
const EARLY_MS = 10_000;

type Settings = Record<string, string | undefined>;

/**
 * The ID token of an `auth-provider` named oidc. It is renewed with its refresh token once it has expired (OpenID Connect Core
 * 1.0, section 12). The kubeconfig file keeps the old token: only kubectl writes to it.
 * Throws ConfigError when the token has expired and cannot be renewed.
 */
export class OidcToken {
  readonly #settings: Settings;
  #idToken: string | undefined;
  #refreshToken: string | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#idToken = settings['id-token'];
    this.#refreshToken = settings['refresh-token'];
  }

  /** @param refused the API server did not accept the current token */
  async token(now: Date, refused: boolean): Promise<string> {
    const expiry = this.#idToken === undefined ? undefined : expiryOf(this.#idToken);
    const good = expiry !== undefined && expiry.getTime() - EARLY_MS > now.getTime();
    if (!this.#idToken || !good || refused) await this.#renew();
    return this.#idToken ?? '';
  }

  async #renew(): Promise<void> {
    const { 'idp-issuer-url': issuer, 'client-id': clientId, 'client-secret': secret } = this.#settings;
    if (!issuer || !clientId || !this.#refreshToken) {
      throw new ConfigError(
        'The ID token of the user has expired. To renew it, auth-provider needs idp-issuer-url, client-id and refresh-token.',
      );
    }
    // Loaded only where it is needed: see undici-parts.d.ts.
    const { Agent } = await import('undici');
    const agent = new Agent({ connect: this.#authority() });
    try {
      const about = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
      const { token_endpoint: endpoint } = await answerOf(about, agent, {});
      if (typeof endpoint !== 'string') throw new ConfigError(`${about} names no token_endpoint.`);
      const credentials = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret ?? '')}`);
      const answer = await answerOf(endpoint, agent, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(secret ? { authorization: `Basic ${credentials.toString('base64')}` } : {}),
        },
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          refresh_token: this.#refreshToken,
          ...(secret ? {} : { client_id: clientId }),
        }).toString(),
      });
      if (typeof answer.id_token !== 'string') throw new ConfigError(`${endpoint} gave no id_token.`);
      this.#idToken = answer.id_token;
      if (typeof answer.refresh_token === 'string') this.#refreshToken = answer.refresh_token;
    } finally {
      await agent.close();
    }
  }

  #authority(): { ca?: string | Buffer } {
    const data = this.#settings['idp-certificate-authority-data'];
    if (data) return { ca: Buffer.from(data, 'base64') };
    const file = this.#settings['idp-certificate-authority'];
    return file ? { ca: readFileSync(file) } : {};
  }
}

async function answerOf(
  url: string,
  dispatcher: Dispatcher,
  options: { method?: 'POST'; headers?: Record<string, string>; body?: string },
): Promise<Record<string, unknown>> {
  let text: string;
  let code: number;
  try {
    const { request } = await import('undici');
    const answer = await request(url, { ...options, dispatcher, signal: AbortSignal.timeout(PROVIDER_MS) });
    code = answer.statusCode;
    text = await answer.body.text();
  } catch (cause) {
    throw new ConfigError(`The identity provider did not answer at ${url}: ${String(cause)}.`, { cause });
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (code === 200 && typeof parsed === 'object' && parsed !== null)
      return parsed as Record<string, unknown>;
  } catch {
    // Reported below, with the text itself.
  }
  throw new ConfigError(`The identity provider answered ${code} at ${url}: ${text.slice(0, 200)}`);
}

/** When a JSON Web Token expires (its claim `exp`); undefined when it does not say. */
function expiryOf(token: string): Date | undefined {
  try {
    const claims: { exp?: unknown } = JSON.parse(
      Buffer.from(token.split('.')[1] ?? '', 'base64url').toString(),
    );
    return typeof claims.exp === 'number' ? new Date(claims.exp * 1000) : undefined;
  } catch {
    // Not a JSON Web Token: it counts as expired.
    return undefined;
  }
}
