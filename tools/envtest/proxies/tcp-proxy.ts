import { createServer, type Server, Socket } from 'node:net';

/**
 * A TCP proxy in which a test can break connections. It cuts open ones, refuses new ones, or holds back their data.
 */
export class TcpProxy {
  readonly #target: number;
  readonly #host: string;
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  #refusing = false;
  #silent = false;
  /** The new connections that wait for allow(). Undefined unless hold() was called. */
  #held: Socket[] | undefined;
  #accepted = 0;

  constructor(targetPort: number, host = '127.0.0.1') {
    this.#target = targetPort;
    this.#host = host;
    this.#server = createServer((near) => this.#accept(near));
  }

  /** Listens on a loopback port, and resolves to the port. */
  start(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address();
        if (address === null || typeof address === 'string') reject(new Error('no TCP port'));
        else resolve(address.port);
      });
    });
  }

  /** The number of accepted connections. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Resets every open connection. */
  cut(): void {
    for (const [near, far] of this.#pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  /** Resets every open and every new connection until allow(). */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** Resets open connections, then accepts new ones but forwards nothing until allow(). Clients wait instead of failing. */
  hold(): void {
    this.#held ??= [];
    this.cut();
  }

  /** Stops forwarding on open connections, which stay open. New connections work. */
  silence(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe();
      far.unpipe();
      near.resume();
      far.resume();
    }
  }

  /** Stops forwarding on open and on new connections until allow(). */
  blackHole(): void {
    this.#silent = true;
    this.silence();
  }

  /** Forwards new connections again, and connects those that waited. */
  allow(): void {
    this.#refusing = false;
    this.#silent = false;
    for (const near of this.#held ?? []) this.#connect(near);
    this.#held = undefined;
  }

  /** Cuts every connection, and closes the port. */
  async stop(): Promise<void> {
    this.cut();
    for (const near of this.#held ?? []) near.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(near: Socket): void {
    this.#accepted++;
    if (this.#refusing) {
      near.resetAndDestroy();
      return;
    }
    if (this.#held) {
      // A client may give up while it waits.
      near.on('error', () => near.destroy());
      this.#held.push(near);
      return;
    }
    this.#connect(near);
  }

  #connect(near: Socket): void {
    const far = new Socket();
    const pair: [Socket, Socket] = [near, far];
    this.#pairs.add(pair);
    const end = () => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) {
      // An error or a close on one side ends the other side.
      socket.on('error', end);
      socket.on('close', end);
    }
    far.connect(this.#target, this.#host);
    if (this.#silent) near.resume();
    else {
      near.pipe(far);
      far.pipe(near);
    }
  }
}
