import type { Account } from '@backendai-e2e/api/connection';
import { notYet, waitUntil } from '../../evidence/waiting.ts';
import { signedBy } from './signing.ts';

/** One event of GET /events/session. data: the JSON that the server sends. */
export interface ServerEvent {
  name: string;
  data: { sessionId?: string; sessionName?: string; reason?: string };
}

/** Listens to session events of one manager (server-sent events) until it is closed. */
export class SessionEvents {
  readonly received: ServerEvent[] = [];
  readonly #stop = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  /** Opens the stream of all sessions that the account may see. The stream is open when this returns. */
  static async open(url: string, account: Account): Promise<SessionEvents> {
    const events = new SessionEvents();
    const target = new URL('/events/session', url);
    target.searchParams.set('sessionName', '*');
    target.searchParams.set('scope', 'session');
    const contentType = 'application/json';
    const path = target.pathname + target.search;
    const signature = signedBy(account)({ method: 'GET', path, host: target.host, contentType });
    const answer = await fetch(target, {
      headers: { 'content-type': contentType, ...signature },
      signal: events.#stop.signal,
    });
    if (!answer.ok || !answer.body) throw new Error(`GET ${path} was answered ${answer.status}`);
    events.#reading = events.#read(answer.body);
    return events;
  }

  /** Waits for an event of that name about a session, and returns all events about the session so far. */
  until(sessionId: string, name: string, deadlineSeconds = 30): Promise<ServerEvent[]> {
    return waitUntil(
      `event ${name} of session ${sessionId}`,
      async () => {
        const about = this.received.filter((event) => event.data.sessionId === sessionId);
        return about.some((event) => event.name === name) ? about : notYet(this.received);
      },
      { deadlineSeconds, everyMs: 50 },
    );
  }

  /** Ends the request. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of body) {
        rest += decoder.decode(chunk, { stream: true }).replaceAll('\r\n', '\n');
        const blocks = rest.split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) this.#take(block);
      }
    } catch (error) {
      // Closing ends the stream with an error of its own. Any other error becomes an event, which waits show.
      if (!this.#stop.signal.aborted) this.received.push({ name: `broken: ${String(error)}`, data: {} });
    }
  }

  #take(block: string): void {
    const field = (name: string): string =>
      block
        .split('\n')
        .filter((line) => line.startsWith(`${name}:`))
        .map((line) => line.slice(name.length + 1).trim())
        .join('\n');
    if (field('event')) this.received.push({ name: field('event'), data: JSON.parse(field('data') || '{}') });
  }
}
