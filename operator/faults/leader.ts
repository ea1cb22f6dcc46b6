import type { Connection } from '@backendai-e2e/api/connection';

/** Database of Valkey in which Backend.AI 26.9 keeps its locks (ai.backend.common.defs: REDIS_STREAM_LOCK). */
const LOCK_DB = 5;
/** Milliseconds for the connection and for the answer. */
const VALKEY_MS = 3_000;

/** Who holds a lock now: its value, or undefined when nobody does. Rejects when Valkey does not answer. */
export async function holderOf(valkey: Connection['valkey'], key: string): Promise<string | undefined> {
  const { host, port, password } = valkey;
  // Loaded by the first fault that needs it: it takes 10 MiB.
  const { Redis } = await import('ioredis');
  const client = new Redis({
    host,
    port,
    ...(password ? { password } : {}),
    db: LOCK_DB,
    connectTimeout: VALKEY_MS,
    commandTimeout: VALKEY_MS,
    maxRetriesPerRequest: 1,
    // The caller asks again when it wants to.
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
