import { readFileSync } from 'node:fs';
import type { Connection } from '@backendai-e2e/api/connection';
import { RUNNER_ENV } from '@backendai-e2e/api/runner-contract';
import { secretValues } from '@backendai-e2e/redaction/redaction';
import { recorder } from '../evidence/record.ts';

/** There is no usable connection.json. */
class NoConnection extends Error {
  override name = 'NoConnection';
}

/**
 * Reads the connection of the suite's environment, and masks its secrets in everything that is printed or reported.
 * Throws {@link NoConnection}.
 */
export function loadConnection(env: NodeJS.ProcessEnv = process.env): Connection {
  const path = env[RUNNER_ENV.connection];
  if (!path) {
    throw new NoConnection(
      `this suite needs a Backend.AI deployment, but ${RUNNER_ENV.connection} is not set: the environment of the run has no connection Secret`,
    );
  }
  try {
    const connection: Connection = JSON.parse(readFileSync(path, 'utf8'));
    recorder.secrets.add(secretValues(connection));
    return connection;
  } catch (error) {
    throw new NoConnection(`cannot read the connection ${path}: ${String(error)}`, { cause: error });
  }
}
