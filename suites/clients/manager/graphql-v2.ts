import type { Api } from '../http/api.ts';
import { fieldsForAdministrators, type ListField, listFields } from './graphql-schema.ts';

/** The answer to a query. */
export interface GraphQlAnswer<T> {
  data: T | null;
  errors: { message: string; code: string }[];
}

/** The code of an error that Backend.AI did not expect (ai.backend.common.exception.ErrorCode.default). */
const INTERNAL = /internal-error$/;
/** Words of libraries below: older releases give no code. */
const LEAKED =
  /sqlalchemy|asyncpg|psycopg|Traceback|object has no attribute|invalid literal for|Internal server error/i;

/** Whether an error is a fault of the server, not of the query. */
export function isInternal({ message, code }: { message: string; code: string }): boolean {
  return INTERNAL.test(code) || LEAKED.test(message);
}

/** One of the two GraphQL APIs of the manager. */
export class GraphQl {
  readonly #api: Api;
  readonly #path: string;

  /** @param version 1: /admin/gql; 2: /admin/gql/strawberry */
  constructor(api: Api, version: 1 | 2) {
    this.#api = api;
    this.#path = version === 1 ? '/admin/gql' : '/admin/gql/strawberry';
  }

  /** The answer, with its errors. */
  async ask<T = Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown> = {},
  ): Promise<GraphQlAnswer<T>> {
    const answer = await this.#api.json<{
      data?: T | null;
      errors?: { message: string; extensions?: { code?: string } }[] | null;
    }>({ method: 'POST', path: this.#path, json: { query, variables } });
    const errors = (answer.errors ?? []).map(({ message, extensions }) => ({
      message,
      code: extensions?.code ?? '',
    }));
    return { data: answer.data ?? null, errors };
  }

  /** The data. @throws Error with what the server says */
  async data<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const { data, errors } = await this.ask<T>(query, variables);
    if (errors.length > 0 || data === null) {
      throw new Error(
        `GraphQL answered: ${errors.map(({ message, code }) => `${code} ${message}`).join('; ')}`,
      );
    }
    return data;
  }

  /** The schema of the v2 API, as its gateway reads it. */
  async #sdl(): Promise<string> {
    return (await this.data<{ _service: { sdl: string } }>('{ _service { sdl } }'))._service.sdl;
  }

  /** Every list that can be asked for without knowing anything. */
  async lists(): Promise<ListField[]> {
    return listFields(await this.#sdl()).filter(({ required, hasId }) => required.length === 0 && hasId);
  }

  /** Lists for administrators by their name. */
  async listsForAdministrators(): Promise<string[]> {
    const sdl = await this.#sdl();
    const lists = new Set(listFields(sdl).map(({ name }) => name));
    return fieldsForAdministrators(sdl)
      .filter(({ name, required }) => required.length === 0 && lists.has(name))
      .map(({ name }) => name);
  }
}
