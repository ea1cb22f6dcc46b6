import type { Account } from '@backendai-e2e/api/connection';
import { notYet, waitUntil } from '../../evidence/waiting.ts';
import { signedBy } from './signing.ts';

/** A message of the protocol graphql-transport-ws. The payload is an answer, or a list of errors. */
export interface SubscriptionMessage {
  type: 'connection_ack' | 'next' | 'error' | 'complete' | 'pong';
  payload?: unknown;
}

/** Listens to one subscription of the v2 GraphQL API until it is closed. */
export class Subscription {
  readonly received: SubscriptionMessage[] = [];
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Opens a connection and subscribes. The server has the request when this returns, and may refuse it. */
  static async open(url: string, account: Account, query: string): Promise<Subscription> {
    const target = new URL('/admin/gql/strawberry', url);
    const contentType = 'application/json';
    const { pathname: path, host } = target;
    const headers = {
      'content-type': contentType,
      ...signedBy(account)({ method: 'GET', path, host, contentType }),
    };
    target.protocol = 'ws:';
    const socket = new WebSocket(target, { protocols: ['graphql-transport-ws'], headers });
    const subscription = new Subscription(socket);
    let broken = '';
    socket.addEventListener('message', ({ data }: { data: unknown }) => {
      subscription.received.push(JSON.parse(String(data)));
    });
    socket.addEventListener('error', () => {
      broken = 'the connection broke';
    });
    socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'connection_init' })));
    await waitUntil(
      'the server to accept a WebSocket for GraphQL',
      async () => {
        if (broken) throw new Error(`${broken}: GET ${path} with Upgrade: websocket`);
        const accepted = subscription.received.some(({ type }) => type === 'connection_ack');
        return accepted ? undefined : notYet(subscription.received);
      },
      { deadlineSeconds: 15, everyMs: 100 },
    );
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    return subscription;
  }

  /** Waits for a message that fits. */
  until(what: string, fits: (message: SubscriptionMessage) => boolean, deadlineSeconds = 30): Promise<void> {
    return waitUntil(what, async () => (this.received.some(fits) ? undefined : notYet(this.received)), {
      deadlineSeconds,
      everyMs: 100,
    });
  }

  /** Data that the server has sent, without errors. */
  data(): unknown[] {
    return this.received.flatMap(({ type, payload }) => {
      const data = type === 'next' ? (payload as { data?: unknown }).data : undefined;
      return data ? [data] : [];
    });
  }

  close(): void {
    this.#socket.close();
  }
}
