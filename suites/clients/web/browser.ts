import { recorder } from '../../evidence/record.ts';
import { Api, type ApiAnswer } from '../http/api.ts';
import { Sessions } from '../manager/sessions.ts';
import { VFolders } from '../manager/vfolders.ts';

/** Answer of POST /server/login-check. */
export interface LoginState {
  authenticated: boolean;
  data: { access_key: string; role: string; status: string } | null;
  session_id: string | null;
}

/** Name of the webserver's cookie; the same with "_" and its value is the key in Valkey (database 0). */
export const WEB_COOKIE = 'AIOHTTP_SESSION';

/**
 * A browser at the webserver. It keeps cookies and has no key pair. It reaches the manager through /func, where the webserver
 * signs requests for the logged-in user.
 */
export class Browser {
  /** Pages of the webserver itself. */
  readonly web: Api;
  /** The manager's API behind the webserver. */
  readonly manager: Api;
  readonly sessions: Sessions;
  readonly folders: VFolders;
  readonly #cookies = new Map<string, string>();

  constructor(url: string) {
    const base = url.replace(/\/+$/, '');
    const cookies = (): Record<string, string> => {
      const pairs = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
      return pairs.length > 0 ? { cookie: pairs.join('; ') } : {};
    };
    this.web = new Api(base, cookies);
    this.manager = new Api(`${base}/func`, cookies);
    this.sessions = new Sessions(this.manager);
    this.folders = new VFolders(this.manager);
  }

  /** The value of the login cookie, or undefined. */
  get cookie(): string | undefined {
    return this.#cookies.get(WEB_COOKIE);
  }

  /** Uses a cookie from another browser. */
  useCookie(value: string): void {
    this.#cookies.set(WEB_COOKIE, value);
  }

  /** Logs in. Throws BackendApiError with status 401 when the webserver refuses the login. */
  async login(username: string, password: string): Promise<LoginState> {
    const answer = await this.web.request({
      method: 'POST',
      path: '/server/login',
      json: { username, password },
    });
    this.#keepCookies(answer);
    return answer.body as LoginState;
  }

  /** Whether this browser is logged in, and as whom. */
  loginState(): Promise<LoginState> {
    return this.web.json({ method: 'POST', path: '/server/login-check', json: {} });
  }

  /** Logs out. The server takes the cookies away. */
  async logout(): Promise<void> {
    this.#keepCookies(await this.web.request({ method: 'POST', path: '/server/logout', json: {} }));
  }

  #keepCookies(answer: ApiAnswer): void {
    const lines = answer.headers['set-cookie'] ?? [];
    for (const line of Array.isArray(lines) ? lines : [lines]) {
      const [, name, value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
      if (!name) continue;
      const text = value.replace(/^"|"$/g, '');
      if (text) {
        this.#cookies.set(name, text);
        recorder.secrets.add([text]);
      } else {
        this.#cookies.delete(name);
      }
    }
  }
}
