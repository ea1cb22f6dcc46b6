import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Api } from '../http/api.ts';
import { ModelServices } from './model-services.ts';

describe('the URL of a model service', () => {
  let server: Server;
  const reported: (string | null)[] = [];

  before(async () => {
    server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ service_endpoint: reported.shift() }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is awaited while the manager reports none', async () => {
    reported.push(null, 'http://worker.example:10201/');
    const { port } = server.address() as AddressInfo;
    const services = new ModelServices(new Api(`http://127.0.0.1:${port}`));
    expect(await services.url('1')).to.equal('http://worker.example:10201/');
    expect(reported, 'answers that were not asked for').to.deep.equal([]);
  });
});
