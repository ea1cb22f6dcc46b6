import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { VALKEY_DB, Valkey } from './valkey.ts';

/** How the server below answers the commands of ioredis. */
const ANSWERS: Record<string, string> = {
  HELLO: '%0\r\n',
  PING: '+PONG\r\n',
  CLIENT: '+OK\r\n',
  SELECT: '+OK\r\n',
  INFO: '$9\r\nloading:0\r\n',
};

describe('Valkey after a restart', () => {
  let server: Server;
  let valkey: Valkey;
  /** A database whose connections the server ends, as before it is up. */
  let refused: number | undefined;
  beforeEach(async () => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        const words = data.toString().split('\r\n');
        if (refused !== undefined && words[words.indexOf('select') + 2] === String(refused)) {
          socket.destroy();
          return;
        }
        for (const word of words) socket.write(ANSWERS[word.toUpperCase()] ?? '');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    valkey = new Valkey({ host: '127.0.0.1', port, password: '' });
  });
  afterEach(async () => {
    valkey.close();
    server.close();
    await once(server, 'close');
  });

  it('answers only when every connection is there again', async () => {
    refused = VALKEY_DB.stream;
    valkey.db(VALKEY_DB.statistics);
    await valkey.answer();
    valkey.db(VALKEY_DB.stream);
    const error = await valkey.answer().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.an('error');
    refused = undefined;
    await valkey.answer();
  });
});
