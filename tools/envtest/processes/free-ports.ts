import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** The lowest port to use: most well-known services listen below it. */
const LOWEST = 15_000;
/** The default start of ip_local_port_range on Linux, from which outgoing connections get their ports. */
const EPHEMERAL = 32_768;
/** The number of random ports to try. */
const TRIES = 200;

/**
 * Returns three different random loopback ports that are free now. They are below the range for outgoing connections, so that no
 * connection takes one before a server listens on it.
 */
export async function freePorts(): Promise<[number, number, number]> {
  const below = ephemeralStart();
  const found = new Set<number>();
  for (let tries = 0; found.size < 3; tries += 1) {
    if (tries >= TRIES) throw new Error(`None of ${TRIES} random ports from ${LOWEST} to ${below} is free.`);
    const port = randomInt(LOWEST, below);
    if (await isFree(port)) found.add(port);
  }
  const [first, second, third] = [...found] as [number, number, number];
  return [first, second, third];
}

/** The first port of the range for outgoing connections. Uses the default when the range begins too low. */
function ephemeralStart(): number {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    const start = Number.parseInt(text, 10);
    return start > LOWEST + 1_000 ? start : EPHEMERAL;
  } catch {
    // Not Linux: other systems begin the range above this port.
    return EPHEMERAL;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
