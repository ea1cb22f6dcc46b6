import { createServer } from 'node:net';

/** Three loopback ports that are free now. All are held until all are found, so that they differ. */
export async function freePorts(): Promise<[number, number, number]> {
  const servers = [createServer(), createServer(), createServer()] as const;
  const [first, second, third] = servers;
  const ports: [number, number, number] = [await listen(first), await listen(second), await listen(third)];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string')
        reject(new Error('The system gives no free port.'));
      else resolve(address.port);
    });
  });
}
