import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/**
 * Below this no port is taken: what listens by agreement mostly does so lower than that.
 */
const LOWEST = 15_000;
/** Where outgoing connections get their ports on Linux when the system does not say (ip_local_port_range). */
const EPHEMERAL = 32_768;
/** Ports tried for one that is free. */
const TRIES = 200;

/**
 * Three different loopback ports that nobody listens on now, at random and below the range from which the system gives
 * ports to outgoing connections: a port of that range can be taken between here and whoever is to listen on it.
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

/** First port of the range for outgoing connections; a system that gives nearly all ports to them leaves us the usual. */
function ephemeralStart(): number {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    const start = Number.parseInt(text, 10);
    return start > LOWEST + 1_000 ? start : EPHEMERAL;
  } catch {
    // Not Linux: the range there starts higher still.
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
