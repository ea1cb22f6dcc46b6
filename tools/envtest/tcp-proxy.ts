import { createServer, type Server, Socket } from 'node:net';

/**
 * A way to a port of this machine, or of another, that a test can break: cut what is open, refuse what is new, or go silent while the
 * connections stay open.
 */
export class TcpProxy {
  readonly #target: number;
  readonly #host: string;
  readonly #server: Server;
  readonly #pairs = new Set<[Socket, Socket]>();
  #refusing = false;
  #silent = false;
  /** New connections that wait for allow(); undefined: none has to. */
  #held: Socket[] | undefined;
  #accepted = 0;

  constructor(targetPort: number, host = '127.0.0.1') {
    this.#target = targetPort;
    this.#host = host;
    this.#server = createServer((near) => this.#accept(near));
  }

  /** Listens; resolves to the port. */
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

  /** Connections taken so far. */
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

  /** Cuts, and resets every new connection, until allow(). */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** Cuts, then accepts new connections but forwards nothing until allow(): clients wait instead of failing. */
  hold(): void {
    this.#held ??= [];
    this.cut();
  }

  /** Open connections stay open, and nothing comes through any more; new ones work. */
  silence(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe();
      far.unpipe();
      near.resume();
      far.resume();
    }
  }

  /** Accepts and stays silent on new connections, too, until allow(). */
  blackHole(): void {
    this.#silent = true;
    this.silence();
  }

  allow(): void {
    this.#refusing = false;
    this.#silent = false;
    for (const near of this.#held ?? []) this.#connect(near);
    this.#held = undefined;
  }

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
      // One that gives up meanwhile is no error of ours.
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
      // Whatever ends one side ends the other; that is all an error here can mean.
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
