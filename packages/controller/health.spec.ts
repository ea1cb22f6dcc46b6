import { expect } from 'chai';
import { HealthServer } from './health.ts';
import { createMetrics } from './metrics.ts';

describe('the health server', () => {
  let server: HealthServer;
  let base: string;
  let problem: string | undefined;
  const metrics = createMetrics();

  beforeEach(async () => {
    server = new HealthServer({ port: 0, host: '127.0.0.1', metrics: metrics.registry });
    base = `http://127.0.0.1:${await server.start()}`;
    problem = undefined;
    server.addReadyCheck('caches', () => problem);
  });
  afterEach(() => server.stop());

  it('is ready when all checks pass, and names the one that fails', async () => {
    expect((await fetch(`${base}/readyz`)).status).to.equal(200);
    problem = 'the first list is not complete';
    const response = await fetch(`${base}/readyz`);
    expect(response.status).to.equal(503);
    expect(await response.text()).to.contain('[-] caches: the first list is not complete');
    expect((await fetch(`${base}/healthz`)).status, 'alive all the same').to.equal(200);
  });

  it('counts a check that throws as failed', async () => {
    server.addLiveCheck('broken', () => {
      throw new Error('a bug');
    });
    const response = await fetch(`${base}/healthz`);
    expect([response.status, await response.text()]).to.deep.equal([503, '[-] broken: a bug\nfailed\n']);
  });

  it('serves metrics as text, and lists its paths elsewhere', async () => {
    metrics.leader.set({ lease: 'operator' }, 1);
    expect(await (await fetch(`${base}/metrics`)).text()).to.contain(
      'e2e_operator_leader{lease="operator"} 1',
    );
    expect((await fetch(`${base}/`)).status).to.equal(404);
  });

  it('reports a port that is taken', async () => {
    const second = new HealthServer({ port: Number(new URL(base).port), host: '127.0.0.1' });
    const failed = await second.start().catch((error: unknown) => String(error));
    expect(failed).to.contain('EADDRINUSE');
  });
});
