import type { Connection } from '@backendai-e2e/api/connection';

/** Database of Valkey in which Backend.AI 26.9 keeps its locks (ai.backend.common.defs: REDIS_STREAM_LOCK). */
const LOCK_DB = 5;
/** Milliseconds for the connection and for the answer. */
const VALKEY_MS = 3_000;

/** The holder of a lock: its value, or undefined when it is free. Rejects when Valkey does not answer. */
export async function holderOf(valkey: Connection['valkey'], key: string): Promise<string | undefined> {
  const { host, port, password } = valkey;
  // Loaded with the first fault that needs it: it needs 10 MiB.
  const { Redis } = await import('ioredis');
  const client = new Redis({
    host,
    port,
    ...(password ? { password } : {}),
    db: LOCK_DB,
    connectTimeout: VALKEY_MS,
    commandTimeout: VALKEY_MS,
    maxRetriesPerRequest: 1,
    // The caller decides about retries.
    retryStrategy: () => null,
    lazyConnect: true,
  });
  let broken: Error | undefined;
  client.on('error', (error: Error) => {
    broken = error;
  });
  try {
    await client.connect();
    return (await client.get(key)) ?? undefined;
  } catch (error) {
    throw new Error(
      `Valkey at ${host}:${port} did not return the holder of ${key}: ${String(broken ?? error)}`,
      {
        cause: error,
      },
    );
  } finally {
    client.disconnect();
  }
}
