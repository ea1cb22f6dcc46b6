import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { report, run, suite, test } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { reportCommand } from './run-files.ts';

const startedAt = '2026-01-01T00:00:00.000Z';

describe('e2e report --from --otlp', function () {
  // The page of the folder is built first.
  this.timeout(60_000);
  let folder: string;
  let collector: Server;
  let url: string;
  let code: number;
  const bodies: string[] = [];

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'e2e-trace-'));
    const objects = {
      run: run([suite('s', 'Passed')]),
      reports: [report('s', [test('creates a session', { startedAt })], { startedAt })],
    };
    await writeFile(path.join(folder, 'run.json'), JSON.stringify(objects));
    collector = createServer(async (request, response) => {
      bodies.push(await text(request));
      response.writeHead(code).end('{}');
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  });
  after(async () => {
    collector.close();
    await rm(folder, { recursive: true });
  });

  it('sends the run in a folder to a collector, without a cluster', async () => {
    code = 200;
    expect(await reportCommand(undefined, { from: folder, otlp: url })).to.equal(0);
    expect(bodies.join()).to.contain('"name":"creates a session"').and.contain('RUN backendai-e2e');
  });

  it('ends with 2 if the collector refuses it', async () => {
    code = 403;
    expect(await reportCommand(undefined, { from: folder, otlp: url })).to.equal(2);
  });
});
