import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { execa } from 'execa';
import { policyTable } from '../charts/e2e-operator/network/policy-table.ts';
import { connectArguments, connectionsIn, listenArguments, surprisesOf } from './connections.ts';
import { probes } from './probes.ts';

const allowed = { from: 'suite', to: 'API server', port: '6443', allowed: true };
const refused = { from: 'suite', to: 'operator', port: '8080', allowed: false };

describe('connections under NetworkPolicies', () => {
  it('surprise when the network refuses what the table allows, or allows what it refuses', () => {
    const tried = [
      { row: allowed, target: 'api:443', seen: 'ECONNREFUSED' },
      { row: refused, target: '10.0.0.1:8080', seen: 'open' },
    ];
    expect(surprisesOf(tried, true)).to.deep.equal([
      'suite → API server (api:443) must be open, but: ECONNREFUSED',
      'suite → operator (10.0.0.1:8080) must be refused, but is open',
    ]);
  });

  it('must all be open while nothing enforces the policies: a later refusal would prove nothing', () => {
    const at = { row: refused, target: '10.0.0.1:8080' };
    expect(surprisesOf([{ ...at, seen: 'no answer' }], false)).to.deep.equal([
      'suite → operator (10.0.0.1:8080) must be open, but: no answer',
    ]);
    expect(surprisesOf([{ ...at, seen: 'no answer' }], true)).to.deep.equal([]);
    expect(surprisesOf([{ ...at, seen: 'open' }], false)).to.deep.equal([]);
  });

  it('are opened by a program that says which ones were accepted', async () => {
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port: nobody } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const { stdout } = await execa(
      'node',
      connectArguments([
        ['127.0.0.1', port],
        ['127.0.0.1', nobody],
      ]),
    );
    server.close();
    expect(connectionsIn(stdout, 2)).to.deep.equal(['open', 'ECONNREFUSED']);
  });

  it('are accepted by a program that ends on its own', async () => {
    const ended = await execa('node', listenArguments([0], 0));
    expect(ended.exitCode).to.equal(0);
  });

  for (const output of ['[]', '["open", 1]', '{}']) {
    it(`are not known when the program prints ${output}`, () => {
      expect(() => connectionsIn(output, 2)).to.throw('expected 2 results of connections');
    });
  }
});

describe('the ends of connections', () => {
  it('that live too short to be tried have probes with the labels that the policies select', () => {
    const known = probes('e2e-operator');
    expect(known.suite?.labels).to.have.property('e2e.backend.ai/run');
    expect(known['scheduled run']?.labels).to.deep.equal({
      'app.kubernetes.io/name': 'e2e-tick',
      'app.kubernetes.io/instance': 'e2e-operator',
    });
    expect(known['pod of another namespace']?.labels).to.deep.equal({});
  });

  it('listen on each port that the table names, where a probe stands for them', () => {
    const known = probes('e2e-operator');
    const missing = policyTable().filter(
      ({ to, port }) => known[to] && !known[to].ports.includes(Number(port)),
    );
    expect(missing).to.deep.equal([]);
  });
});
