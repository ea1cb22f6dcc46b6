import { createHmac } from 'node:crypto';
import { condition, testRun } from '@backendai-e2e/api/object-fixtures';
import { expect } from 'chai';
import { bodyOf, noticeOf, signatureOf, standardSignatureOf } from './body.ts';
import type { Change } from './changes.ts';
import { targetOf } from './target.ts';

const run = testRun('nightly-1', {
  metadata: { uid: 'u-1' },
  status: {
    finishedAt: '2026-01-01T02:00:00Z',
    conditions: [condition('Succeeded', 'False', 'SuitesFailed', 'alpha: Failed')],
  },
});
const broke: Change = {
  suite: 'alpha',
  change: 'broke',
  verdict: 'Failed',
  before: 'Passed',
  since: '2026-01-01T02:00:00Z',
  message: 'expected <!channel> & *this*',
};

describe('the body of a notice', () => {
  it('has the run and the changes, and an id that stays the same', () => {
    const body = JSON.parse(bodyOf(noticeOf(run, [broke]), 'json'));
    expect(body).to.deep.equal({
      version: 1,
      id: 'u-1',
      run: {
        namespace: 'ns',
        name: 'nightly-1',
        environment: 'e2e',
        succeeded: false,
        reason: 'SuitesFailed',
        message: 'alpha: Failed',
        finishedAt: '2026-01-01T02:00:00Z',
      },
      changes: [broke],
    });
    expect(noticeOf(run, []).id).to.equal(body.id);
  });

  it('is a Slack message in which the output of a test mentions no user', () => {
    const body = bodyOf(noticeOf(run, [broke]), 'slack');
    const message: { text: string; blocks: { text: { text: string } }[] } = JSON.parse(body);
    expect(message.text).to.equal('nightly-1 in e2e: 1 broke');
    expect(message.blocks[1]?.text.text).to.contain('*alpha* broke').and.contain('&lt;!channel&gt; &amp;');
    expect(body).not.to.contain('<!channel>');
  });

  it('stays within the 3000 characters of a Slack section', () => {
    const many = Array.from({ length: 60 }, () => ({ ...broke, message: 'x'.repeat(1_000) }));
    const message: { blocks: { text: { text: string } }[] } = JSON.parse(
      bodyOf(noticeOf(run, many), 'slack'),
    );
    for (const block of message.blocks) expect(block.text.text.length).to.be.lessThan(3_000);
  });

  it('is signed so that a receiver can check it', () => {
    const own = createHmac('sha256', 'key').update('1700000000.{"a":1}').digest('hex');
    expect(signatureOf('{"a":1}', 1_700_000_000, 'key')).to.equal(`sha256=${own}`);
  });

  it('is also signed as Standard Webhooks does, with the example of its libraries', () => {
    const [id, body, timestamp] = [
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      '{"test": 2432232314}',
      1_614_265_330,
    ] as const;
    // cspell:disable-next-line
    expect(standardSignatureOf(id, body, timestamp, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).to.equal(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
    const plain = createHmac('sha256', 'key').update('a.1.b').digest('base64');
    expect(standardSignatureOf('a', 'b', 1, 'key')).to.equal(`v1,${plain}`);
  });
});

describe('the Secret of the webhook', () => {
  const secret = (data: Record<string, string>) => ({
    metadata: { name: 'hook' },
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
  });

  it('gives URL, key and format', () => {
    expect(
      targetOf(secret({ url: 'https://h.example/x\n', hmacKey: 'k', format: 'slack' }), 'hook'),
    ).to.deep.equal({
      url: 'https://h.example/x',
      key: 'k',
      format: 'slack',
    });
  });

  it('is refused with a sentence that shows no value', () => {
    const wrong = [undefined, secret({}), secret({ url: 'file:///s3cret' }), secret({ url: 's3cret' })];
    for (const one of wrong) {
      expect(() => targetOf(one, 'hook'))
        .to.throw('hook')
        .with.property('message')
        .that.does.not.contain('s3cret');
    }
  });
});
