import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fault, FaultStatus } from '@backendai-e2e/api/fault';
import { API_VERSION } from '@backendai-e2e/api/group';
import { condition } from '@backendai-e2e/api/object-fixtures';
import { KubeClient } from '@backendai-e2e/kube/client';
import { rejection } from '@backendai-e2e/tools/envtest/waits/rejection';
import { expect } from 'chai';
import { Inconclusive } from '../evidence/record.ts';
import { CleanupStack } from '../fixtures/cleanup-stack.ts';
import { FaultInjector, withFault } from './faults.ts';

const NOW = '2030-01-01T00:00:00Z';
const target = { pod: 'web-1', uid: 'u' };
const inForce: FaultStatus = { phase: 'InForce', injectedAt: NOW, seenInForceAt: NOW, targets: [target] };
const healed: FaultStatus = { ...inForce, phase: 'Healed', healedAt: NOW, seenHealedAt: NOW };

const neverInForce: FaultStatus = { phase: 'Healed', healedAt: NOW, seenHealedAt: NOW, targets: [target] };

describe('faults of a suite', () => {
  let server: http.Server;
  let client: KubeClient;
  /** The status that the operator writes into the Fault, before and after the request to heal. */
  let before: FaultStatus | undefined;
  let after: FaultStatus | undefined;
  let created: Fault | undefined;
  let healRequested: boolean;

  beforeEach(async () => {
    before = inForce;
    after = healed;
    created = undefined;
    healRequested = false;
    server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(answer(request.method ?? '', request.url ?? '', body)));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    client = new KubeClient({ server: url, credentials: async () => ({ headers: {}, tls: {} }) });
  });
  afterEach(async () => {
    await client.close();
    server.close();
  });

  function answer(method: string, url: string, body: Fault): object {
    if (url.includes('/testreports/')) return { metadata: { name: 'run-s-1', uid: 'report-uid' } };
    if (method === 'POST') {
      created = body;
      return { ...body, metadata: { ...body.metadata, name: 'suite-x' } };
    }
    if (method === 'PATCH') healRequested = (body as { spec?: { heal?: boolean } }).spec?.heal === true;
    const status = healRequested ? after : before;
    const spec = { ...created?.spec, ...(healRequested ? { heal: true } : {}) };
    return { metadata: { name: 'suite-x' }, spec, ...(status ? { status } : {}) };
  }

  const injector = () =>
    new FaultInjector(client, { namespace: 'ns', environment: 'e2e', attempt: 'run-s-1' });
  const pause = { target: { component: 'web' }, pause: {} };
  async function expectInconclusive(work: Promise<unknown>, says: RegExp): Promise<void> {
    const error = await rejection(work);
    expect(error).to.be.instanceOf(Inconclusive);
    expect(String(error)).to.match(says);
  }

  it("are asked for in the attempt's own name, in the run's environment, and go with its report", async () => {
    await withFault(injector(), pause, new CleanupStack(), async () => undefined);
    expect(created).to.deep.include({ apiVersion: API_VERSION, kind: 'Fault' });
    expect(created?.metadata.labels).to.deep.equal({ 'e2e.backend.ai/report': 'run-s-1' });
    expect(created?.metadata.ownerReferences?.[0]).to.include({ kind: 'TestReport', uid: 'report-uid' });
    expect(created?.spec).to.deep.equal({ environmentRef: { name: 'e2e' }, ...pause });
  });

  it('hand over the receipt, and are healed after the body', async () => {
    const seen = await withFault(injector(), pause, new CleanupStack(), async (receipt) => {
      expect(healRequested).to.equal(false);
      return receipt;
    });
    expect(seen).to.deep.include({ fault: 'suite-x', targets: [target], seenInForceAt: new Date(NOW) });
    expect(healRequested).to.equal(true);
  });

  const early: [string, FaultStatus][] = [
    ['its time ran out', healed],
    ['one of its targets lost it', { ...inForce, targets: [target, { ...target, healedAt: NOW }] }],
  ];
  for (const [what, status] of early) {
    it(`make the test inconclusive when ${what} before the body ended`, async () => {
      const body = async () => {
        before = status;
      };
      const ended = /fault suite-x ended at .*, before the test was done with it/;
      await expectInconclusive(withFault(injector(), pause, new CleanupStack(), body), ended);
    });
  }

  it('may heal by themselves when the fault does not last', async () => {
    before = { ...inForce, action: 'kill' };
    await withFault(injector(), { target: { component: 'web' }, kill: {} }, new CleanupStack(), async () => {
      before = { ...healed, action: 'kill' };
    });
  });

  it('are healed when the body fails, and its error is reported', async () => {
    const error = await rejection(
      withFault(injector(), pause, new CleanupStack(), () => Promise.reject(new Error('claim'))),
    );
    expect(error).to.be.an('error').with.property('message', 'claim');
    expect(healRequested).to.equal(true);
  });

  const noReceipt: [string, FaultStatus | undefined, RegExp][] = [
    [
      'was refused',
      { phase: 'Refused', conditions: [condition('Accepted', 'False', 'NoTargets', 'no pod is there')] },
      /refused: NoTargets: no pod is there/,
    ],
    ['was never in force', neverInForce, /never in force/],
    [
      'left out a target',
      { ...inForce, targets: [target, { pod: 'web-2', uid: 'v', healedAt: NOW, seenHealedAt: NOW }] },
      /did not reach all of its targets: .*web-2/,
    ],
    ['is not looked after', undefined, /is the operator running/],
  ];
  for (const [what, status, said] of noReceipt) {
    it(`make the test inconclusive when one ${what}; the body does not run`, async () => {
      before = status;
      let ran = false;
      const injected = injector().inject(pause, new CleanupStack(), 0.3);
      await expectInconclusive(
        injected.then(() => {
          ran = true;
        }),
        said,
      );
      expect(ran).to.equal(false);
    });
  }

  it('leave nothing to undo when one was refused', async () => {
    before = { phase: 'Refused', conditions: [condition('Accepted', 'False', 'NoTargets')] };
    const cleanup = new CleanupStack();
    await rejection(injector().inject(pause, cleanup));
    await cleanup.unwind();
    expect(healRequested, 'asked to heal').to.equal(false);
  });

  it('make the test inconclusive when no probe observes the healing, and the cleanup stack tries again', async () => {
    after = { ...inForce, phase: 'Unhealed' };
    const cleanup = new CleanupStack();
    const work = withFault(injector(), pause, cleanup, async () => undefined);
    await expectInconclusive(work, /no probe observed the healing of fault suite-x/);
    after = healed;
    await cleanup.unwind();
  });
});
