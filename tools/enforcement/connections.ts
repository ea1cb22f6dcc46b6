import type { PolicyRow } from '../charts/e2e-operator/network/policy-table.ts';

/** A connection that was tried. */
export interface Tried {
  row: PolicyRow;
  /** Its target: a host or an address, and a TCP port. */
  target: string;
  /** "open", or why not: an error code of Node.js, or "no answer". */
  seen: string;
}

/** What a connection that was accepted is reported as. */
export const OPEN = 'open';

/**
 * What differs from the table, a sentence each. Without enforcement every connection must be open: otherwise a refusal later would
 * prove nothing. For a row about every port, `tried` has only the ports on which something listens.
 * @param enforced whether the network enforces the policies now
 */
export function surprisesOf(tried: readonly Tried[], enforced: boolean): string[] {
  return tried.flatMap(({ row, target, seen }) => {
    const wanted = row.allowed || !enforced;
    if ((seen === OPEN) === wanted) return [];
    const what = `${row.from} → ${row.to} (${target})`;
    return wanted ? [`${what} must be open, but: ${seen}`] : [`${what} must be refused, but is open`];
  });
}

/**
 * The program that an end runs to try connections to several targets at once.
 * @param targets host and TCP port of each
 * @returns arguments of node; it prints a JSON list with "open" or the error of each, in the same order
 */
export function connectArguments(targets: readonly Target[]): string[] {
  return ['-e', CONNECT, JSON.stringify(targets)];
}

/** Host or address, and TCP port. */
export type Target = [host: string, port: number];

/** Milliseconds for one connection: a packet that is dropped has no answer. */
const CONNECT_MS = 5_000;

const CONNECT = `
const net = require('node:net');
const each = ([host, port]) => new Promise((done) => {
  const socket = net.connect({ host, port, timeout: ${CONNECT_MS} });
  const end = (seen) => { socket.destroy(); done(seen); };
  socket.on('connect', () => end('${OPEN}'));
  socket.on('timeout', () => end('no answer'));
  socket.on('error', ({ code, message }) => end(code ?? message));
});
Promise.all(JSON.parse(process.argv[1]).map(each)).then((seen) => console.log(JSON.stringify(seen)));`;

/**
 * The program that accepts connections on these TCP ports and closes them.
 * @param seconds until it ends
 * @returns arguments of node
 */
export function listenArguments(ports: readonly number[], seconds: number): string[] {
  return ['-e', LISTEN, JSON.stringify(ports), String(seconds * 1_000)];
}

const LISTEN = `
const net = require('node:net');
for (const port of JSON.parse(process.argv[1])) net.createServer((socket) => socket.end()).listen(port);
setTimeout(() => process.exit(), Number(process.argv[2]));`;

/**
 * What the connecting program printed.
 * @throws Error when it is not a list of as many texts
 */
export function connectionsIn(output: string, count: number): string[] {
  const parsed: unknown = JSON.parse(output);
  if (!Array.isArray(parsed) || parsed.length !== count || !parsed.every((one) => typeof one === 'string'))
    throw new Error(`expected ${count} results of connections, got: ${output.slice(0, 200)}`);
  return parsed;
}
