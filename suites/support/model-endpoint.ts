import { Api, BackendApiError } from './api.ts';
import { type ReplicaRow, sessionsOf } from './model-services.ts';
import { notYet, waitUntil } from './waiting.ts';

/** Requests that show how they are spread: with two replicas each gets fewer than a quarter once in a million runs. */
export const REQUESTS = 80;
/** From the coordinator's database to the worker: an event, a moment later. */
export const HEARD_SECONDS = 30;

/** A model service as those see it who send it requests. Its replicas run the program of model-server.ts. */
export class ModelEndpoint {
  readonly #url: string;
  readonly #token: string;

  /** @param token of the service, with which it is asked */
  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /**
   * A client with a header Authorization of that text, or without one.
   * As a program asks: who does not say that it wants JSON gets a page for people when nobody can serve.
   */
  as(authorization?: string): Api {
    return new Api(this.#url, () => ({
      accept: 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    }));
  }

  /** One request with the token: the session that answers, and what it reads in the folder. */
  ask(): Promise<{ session: string; weights: string }> {
    return this.as(`BackendAI ${this.#token}`).json({ method: 'GET', path: '/' });
  }

  /** How many of the requests each replica answered. */
  async spread(requests: number): Promise<Record<string, number>> {
    const answers: Record<string, number> = {};
    for (let sent = 0; sent < requests; sent += 1) {
      const { session } = await this.ask();
      answers[session] = (answers[session] ?? 0) + 1;
    }
    return answers;
  }

  /** Waits until the worker has heard of a change: until those answer that should. Returns how many requests each got. */
  spreadOnce(what: string, right: (sessions: string[]) => boolean): Promise<Record<string, number>> {
    return waitUntil(
      `requests to be answered by ${what}`,
      async () => {
        const answers = await this.spread(REQUESTS / 4);
        return right(Object.keys(answers).sort()) ? answers : notYet(answers);
      },
      { deadlineSeconds: HEARD_SECONDS, tolerate: (error) => error instanceof BackendApiError },
    );
  }

  /** Waits until exactly those replicas answer. Returns how many requests each got. */
  answeredBy(replicas: readonly ReplicaRow[]): Promise<Record<string, number>> {
    const sessions = sessionsOf(replicas);
    return this.spreadOnce(sessions.join(' and '), (seen) => seen.join() === sessions.join());
  }
}
