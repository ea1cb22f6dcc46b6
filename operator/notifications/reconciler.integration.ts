import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SECRETS } from '@backendai-e2e/kube/builtin-resources';
import { type Clock, systemClock } from '@backendai-e2e/kube/clock';
import { ShiftedClock } from '@backendai-e2e/tools/envtest/doubles/shifted-clock';
import {
  type OperatorHarness,
  type RunningOperator,
  startOperatorHarness,
} from '@backendai-e2e/tools/envtest/operator/harness';
import { LAST_RESORT_MS, until } from '@backendai-e2e/tools/envtest/waits/until';
import { expect } from 'chai';
import { signatureOf, type WebhookNotice } from './body.ts';

/** A webhook on loopback that notes every delivery. */
class Webhook {
  readonly received: { headers: IncomingHttpHeaders; body: string; notice: WebhookNotice; at: number }[] = [];
  /** Answers of the next deliveries; then 204. */
  readonly answers: number[] = [];
  /** Called instead of an answer while it is set. */
  hold: ((response: ServerResponse) => void) | undefined;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (data) => {
        body += String(data);
      });
      request.on('end', () => {
        const at = performance.now();
        this.received.push({ headers: request.headers, body, notice: JSON.parse(body), at });
        if (this.hold) return this.hold(response);
        response.writeHead(this.answers.shift() ?? 204).end();
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    // The server listens on a port, so it has an address.
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/hook?token=s3cret`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** "run: change" of every delivery. */
  told(): string[] {
    return this.received.map(
      ({ notice }) => `${notice.run.name}: ${notice.changes.map((one) => one.change).join()}`,
    );
  }
}

describe('notifications against a real API server and a real webhook', function () {
  this.timeout(LAST_RESORT_MS);
  const KEY = 'a shared key';
  const webhook = new Webhook();
  let harness: OperatorHarness;
  let operator: RunningOperator;
  const start = (clock: Clock = systemClock) =>
    harness.startOperator({
      clock,
      notificationSecret: 'webhook',
      notificationBackoff: { baseMs: 100, capMs: 500 },
    });

  before(async () => {
    const url = await webhook.start();
    harness = await startOperatorHarness();
    await harness.environment('ext');
    await harness.suite('alpha');
    await harness.client.create(SECRETS, {
      metadata: { name: 'webhook', namespace: harness.namespace },
      data: { url: Buffer.from(url).toString('base64'), hmacKey: Buffer.from(KEY).toString('base64') },
    });
    operator = start();
  });
  after(async () => {
    webhook.stop();
    await harness?.stop();
  });

  async function play(name: string, verdict: 'Passed' | 'Failed'): Promise<void> {
    await harness.run(name, 'ext', { suites: { names: ['alpha'] } });
    await harness.attempt(`${name}-alpha-1`, verdict);
    await harness.finished(name);
  }

  const stateOf = async (name: string) => (await harness.getRun(name))?.status?.notification?.state;
  const reached = (name: string, state: string) =>
    until(`the notification about ${name} is ${state}`, async () => {
      const seen = (await harness.getRun(name))?.status?.notification;
      if (seen?.state === state) return seen;
      throw new Error(JSON.stringify(seen));
    });

  it('reports a suite that broke, with a signature, and records the delivery', async () => {
    await play('first', 'Passed');
    await reached('first', 'NothingNew');
    await play('breaks', 'Failed');
    expect(await reached('breaks', 'Sent')).to.deep.include({ changes: 1 });
    expect(webhook.told()).to.deep.equal(['breaks: broke']);
    const [sent] = webhook.received;
    if (!sent) throw new Error('something was received');
    expect(sent.notice.changes[0]).to.deep.include({ suite: 'alpha', before: 'Passed', verdict: 'Failed' });
    const timestamp = Number(sent.headers['x-backendai-e2e-timestamp']);
    expect(sent.headers['x-backendai-e2e-signature']).to.equal(signatureOf(sent.body, timestamp, KEY));
    expect(sent.headers['x-backendai-e2e-delivery']).to.equal((await harness.getRun('breaks'))?.metadata.uid);
  });

  it('says nothing while it stays broken, also after a restart', async () => {
    await play('same', 'Failed');
    await reached('same', 'NothingNew');
    await operator.stop();
    operator = start();
    await play('same-again', 'Failed');
    await reached('same-again', 'NothingNew');
    expect(webhook.told()).to.deep.equal(['breaks: broke']);
  });

  it('tries again until it is taken, and shows meanwhile why it was not; no secret in sight', async () => {
    webhook.answers.push(...Array.from({ length: 6 }, () => 503));
    await play('fixes', 'Passed');
    const { message } = await reached('fixes', 'Pending');
    expect(message).to.contain('503').and.not.contain('s3cret');
    await reached('fixes', 'Sent');
    expect(webhook.told().slice(1)).to.deep.equal(Array.from({ length: 7 }, () => 'fixes: fixed'));
    expect(new Set(webhook.received.slice(1).map(({ notice }) => notice.id)).size).to.equal(1);
  });

  it('keeps its pauses while the reasons of the refusals change, and other runs end', async () => {
    const from = webhook.received.length;
    webhook.answers.push(...Array.from({ length: 1_000 }, (_, index) => (index % 2 === 0 ? 503 : 500)));
    await play('varies', 'Failed');
    await reached('varies', 'Pending');
    await play('ends-meanwhile', 'Failed');
    const times = await until('the webhook has refused it eight times', () => {
      const refused = webhook.received.slice(from).map(({ at }) => at);
      if (refused.length >= 8) return refused;
      throw new Error(`${refused.length} times`);
    });
    webhook.answers.splice(0);
    const pauses = [100, 200, 400, 500, 500, 500, 500];
    const between = pauses.map((_, index) => Math.round((times[index + 1] ?? 0) - (times[index] ?? 0)));
    // A timer of Node may end a millisecond early.
    expect(
      between.filter((ms, index) => ms < (pauses[index] ?? 0) - 2),
      between.join(),
    ).to.deep.equal([]);
    await reached('varies', 'Sent');
    await reached('ends-meanwhile', 'NothingNew');
    await play('varies-no-more', 'Passed');
    await reached('varies-no-more', 'Sent');
  });

  it('keeps the order, and loses nothing, when the operator goes while the webhook is down', async () => {
    const from = webhook.received.length;
    webhook.answers.push(...Array.from({ length: 1_000 }, () => 500));
    await play('down-1', 'Failed');
    await reached('down-1', 'Pending');
    await play('down-2', 'Passed');
    await operator.stop();
    webhook.answers.splice(0);
    const refused = webhook.received.length;
    expect(webhook.told().slice(from)).to.deep.equal(
      Array.from({ length: refused - from }, () => 'down-1: broke'),
    );
    operator = start();
    await reached('down-2', 'Sent');
    expect(webhook.told().slice(refused)).to.deep.equal(['down-1: broke', 'down-2: fixed']);
  });

  it('does not repeat a delivery after any number of restarts', async () => {
    const before = webhook.received.length;
    for (let turn = 0; turn < 3; turn += 1) {
      await operator.stop();
      operator = start();
    }
    await play('calm', 'Passed');
    await reached('calm', 'NothingNew');
    expect(webhook.received.length).to.equal(before);
  });

  it('delivers again under the same id when it was ended in the middle of a delivery', async () => {
    const from = webhook.received.length;
    const held: ServerResponse[] = [];
    webhook.hold = (response) => held.push(response);
    await play('middle', 'Failed');
    await until('the delivery is under way', () => held.length > 0);
    await operator.stop();
    expect(await stateOf('middle')).to.equal(undefined);
    webhook.hold = undefined;
    operator = start();
    await reached('middle', 'Sent');
    const ids = webhook.received.slice(from).map(({ headers }) => headers['x-backendai-e2e-delivery']);
    expect(ids).to.have.length(2);
    expect(new Set(ids).size).to.equal(1);
  });

  it('names what is wrong with its Secret, and goes on when that is right', async () => {
    const at = { namespace: harness.namespace, name: 'webhook' };
    const secret = await harness.client.get(SECRETS, at);
    await harness.client.delete(SECRETS, at);
    await play('no-secret', 'Passed');
    expect((await reached('no-secret', 'Pending')).message).to.equal(
      'there is no Secret webhook with the URL of the webhook',
    );
    await harness.client.create(SECRETS, { metadata: at, data: secret?.data ?? {} });
    await reached('no-secret', 'Sent');
    expect(webhook.told().at(-1)).to.equal('no-secret: fixed');
  });

  it('does not count a run of a part of the tests', async () => {
    await harness.run('part', 'ext', { suites: { names: ['alpha'] }, grep: 'adds' });
    await harness.attempt('part-alpha-1', 'Failed');
    await reached('part', 'NothingNew');
  });

  it('reports a flaky suite once', async () => {
    await harness.suite('shaky', { retries: 1 });
    const from = webhook.received.length;
    for (const name of ['shaky-1', 'shaky-2']) {
      await harness.run(name, 'ext', { suites: { names: ['shaky'] } });
      await harness.attempt(`${name}-shaky-1`, 'Failed');
      await harness.attempt(`${name}-shaky-2`, 'Passed');
      await harness.finished(name);
    }
    await reached('shaky-2', 'NothingNew');
    expect(webhook.told().slice(from)).to.deep.equal(['shaky-1: flaky']);
    expect(webhook.received.at(-1)?.notice.changes[0]).to.include({ suite: 'shaky', verdict: 'Flaky' });
  });

  it('reports a suite that is still broken a day later, as a Slack message on demand', async () => {
    await harness.suite('old');
    const broken = async (name: string) => {
      await harness.run(name, 'ext', { suites: { names: ['old'] } });
      await harness.attempt(`${name}-old-1`, 'Failed');
      await harness.finished(name);
    };
    await operator.stop();
    // Not forward: runs that the API server dates would be too old to run.
    const clock = new ShiftedClock();
    clock.move(-25);
    operator = start(clock);
    await broken('yesterday');
    await reached('yesterday', 'Sent');
    expect(webhook.told().at(-1)).to.equal('yesterday: broke');
    await operator.stop();
    const at = { namespace: harness.namespace, name: 'webhook' };
    await harness.client.mergePatch(SECRETS, at, {
      data: { format: Buffer.from('slack').toString('base64') },
    });
    operator = start();
    await broken('today');
    await reached('today', 'Sent');
    const sent: { text: string; blocks: { text: { text: string } }[] } = JSON.parse(
      webhook.received.at(-1)?.body ?? '{}',
    );
    expect(sent.text).to.equal('today in ext: 1 still broken');
    expect(sent.blocks.map(({ text }) => text.text).join('\n')).to.match(
      /:red_circle: \*old\* is still broken since \d{4}-.*expected 3 to equal 4/,
    );
    const told = webhook.received.length;
    await broken('today-again');
    await reached('today-again', 'NothingNew');
    expect(webhook.received.length).to.equal(told);
  });
});
