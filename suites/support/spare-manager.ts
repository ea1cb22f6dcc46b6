import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { execa } from 'execa';
import type { Connection } from '../../operator/api/connection.ts';
import { Api, NoAnswer } from './api.ts';
import { Etcd } from './etcd.ts';
import type { Ledger } from './ledger.ts';
import type { Programs } from './programs.ts';
import { recorder } from './record.ts';
import { notYet, waitUntil } from './waiting.ts';

/** From the start until it is ready: 17 s were seen on an idle machine, and three times that on a busy one. */
const READY_SECONDS = 150;
/** A program that is told to end gets so long before it is killed, milliseconds. */
const END_MS = 20_000;
/** How much of a program's output is kept for an error, characters. */
const KEPT = 3_000;

/** A program that runs until the ledger is settled. */
interface Service {
  /** The end of its output, and how it ended if it did. */
  state(): { ended: string | undefined; output: string };
}

/**
 * A manager of the suite's own, in its pod, on a spare database. It has a Valkey of its own and a namespace of its own in
 * etcd: in those of the deployment it would become the leader and answer for agents that it does not know.
 */
export class SpareManager {
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /**
   * Starts it and waits until it is ready.
   * @param name random; the namespace in etcd
   * @throws WaitedInVain with the end of its log
   */
  static async start(
    programs: Programs,
    connection: Connection,
    database: Connection['postgres'],
    name: string,
    ledger: Ledger,
  ): Promise<SpareManager> {
    const folder = path.join(programs.folder, name);
    await mkdir(path.join(folder, 'ipc'), { recursive: true });
    const [api, internal, valkey] = await freePorts(3);
    const etcd = new Etcd({ ...connection.etcd, namespace: name });
    ledger.add(`namespace ${name} in etcd`, async () => {
      await etcd.clear(connection.etcd);
      etcd.close();
    });
    await etcd.put({
      'config/redis/addr': `127.0.0.1:${valkey}`,
      'volumes/_types/user': '',
      'volumes/_types/group': '',
      'volumes/default_host': connection.storageProxy.volume,
      'volumes/proxies/local/client_api': connection.storageProxy.clientUrl,
      'volumes/proxies/local/manager_api': connection.storageProxy.managerUrl,
      'volumes/proxies/local/secret': connection.storageProxy.managerSecret,
      'volumes/proxies/local/ssl_verify': 'false',
    });
    const makeKey = 'import sys, zmq.auth; zmq.auth.create_certificates(sys.argv[1], "manager")';
    await programs.run('python', ['-c', makeKey, folder]);
    const settings = path.join(folder, 'manager.toml');
    const toml = managerToml({ connection, database, name, folder, ports: { api, internal } });
    await writeFile(settings, toml, { mode: 0o600 });

    const noSaves = ['--save', '', '--dir', folder];
    run('valkey-server', ['--bind', '127.0.0.1', '--port', String(valkey), ...noSaves], folder, ledger);
    const manager = run('backend.ai', ['mgr', 'start-server', '-f', settings], folder, ledger);
    const url = `http://127.0.0.1:${api}`;
    await waitUntil(
      'the spare manager to be ready',
      async () => {
        const { ended, output } = manager.state();
        if (ended) throw new Error(`the spare manager ended (${ended}); the end of its log:\n${output}`);
        try {
          await new Api(url).request({ method: 'GET', path: '/health/readyz', timeoutMs: 3_000 });
          return undefined;
        } catch (error) {
          return notYet(error instanceof NoAnswer ? output.slice(-500) : error);
        }
      },
      { deadlineSeconds: READY_SECONDS, everyMs: 250 },
    );
    return new SpareManager(url);
  }
}

function run(file: string, args: string[], folder: string, ledger: Ledger): Service {
  let output = '';
  let ended: string | undefined;
  const child = execa(file, args, {
    cwd: folder,
    reject: false,
    buffer: false,
    all: true,
    stdin: 'ignore',
    forceKillAfterDelay: END_MS,
  });
  child.all.on('data', (data: Buffer) => {
    output = (output + data.toString()).slice(-KEPT);
  });
  const end = child.then((result) => {
    ended = result.signal ?? `exit code ${result.exitCode}`;
  });
  ledger.add(`${file} of the suite`, async () => {
    child.kill('SIGTERM');
    await end;
  });
  return { state: () => ({ ended, output: recorder.secrets.mask(output) }) };
}

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a server without a port');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** JSON strings are TOML strings. */
function managerToml(options: {
  connection: Connection;
  database: Connection['postgres'];
  name: string;
  folder: string;
  ports: { api: number | undefined; internal: number | undefined };
}): string {
  const { connection, database, name, folder, ports } = options;
  const etcd = new URL(connection.etcd.endpoints[0] ?? '');
  const text = (value: string): string => JSON.stringify(value);
  return `
[etcd]
namespace = ${text(name)}
addr = { host = ${text(etcd.hostname)}, port = ${etcd.port} }
[db]
type = "postgresql"
addr = { host = ${text(database.host)}, port = ${database.port} }
name = ${text(database.database)}
user = ${text(database.user)}
password = ${text(database.password)}
pool-size = 2
max-overflow = 6
[manager]
num-proc = 1
service-addr = { host = "127.0.0.1", port = ${ports.api} }
internal-addr = { host = "127.0.0.1", port = ${ports.internal} }
announce-addr = { host = "127.0.0.1", port = ${ports.api} }
announce-internal-addr = { host = "127.0.0.1", port = ${ports.internal} }
rpc-auth-manager-keypair = ${text(path.join(folder, 'manager.key_secret'))}
heartbeat-timeout = 40
secret = ${text(name)}
ipc-base-path = ${text(path.join(folder, 'ipc'))}
[docker-registry]
ssl-verify = false
[logging]
level = "INFO"
drivers = ["console"]
[logging.pkg-ns]
"" = "WARNING"
"ai.backend" = "INFO"
[logging.console]
colored = false
format = "verbose"
[debug]
enabled = false
`;
}
