import type { Secret } from '@backendai-e2e/kube/builtin-resources';
import { LAST_RESORT_MS } from '@backendai-e2e/tools/envtest/waits/until';
import { nearMisses } from '@backendai-e2e/tools/fuzz/near-misses';
import { expect } from 'chai';
import fc from 'fast-check';
import { TargetError, targetOf } from './target.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = (data: Record<string, string>): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'hook' },
  data,
});

/** The Secret leads to an HTTP server, without a password in its URL, or to a sentence without a value. */
function check(of: Secret | undefined, hidden?: string): void {
  try {
    const { url, authorization, format } = targetOf(of, 'hook');
    expect(url).to.match(/^https?:\/\/[^/@]+(\/|$)/);
    expect(URL.parse(url)).to.include({ username: '', password: '' });
    if (authorization !== undefined) expect(authorization).to.match(/^Basic [A-Za-z0-9+/]+=*$/);
    expect(format).to.match(/^(json|slack)$/);
  } catch (error) {
    expect(error).to.be.instanceOf(TargetError);
    if (hidden) expect(String(error)).not.to.include(hidden);
  }
}

describe('the target of a webhook', function () {
  this.timeout(LAST_RESORT_MS);

  it('is a server over HTTP, or a sentence that shows no value, whatever the URL', () => {
    const piece = fc.constantFrom(
      ...[
        'http',
        'https',
        'file',
        'javascript',
        '://',
        ':',
        '@',
        '/',
        '\\',
        '?',
        '#',
        '%',
        '%00',
        '%2',
        '%ff',
      ],
      ...['user', 'Pa55-word', 'hook.example', '127.0.0.1', '[::1]', '\n', '\t', '\0', ' ', '한', 'xn--'],
    );
    const url = fc.array(piece, { maxLength: 10 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.oneof(
          url,
          url.map((rest) => `https://u:Pa55-word@${rest}`),
          fc.webUrl(),
        ),
        (text) => {
          check(secret({ url: base64(text), hmacKey: base64('k') }), 'Pa55-word');
        },
      ),
      { numRuns: 10_000 },
    );
  });

  it('is the same for any Secret that the API server can store', () => {
    const valid = { url: base64('https://hook.example/x'), format: base64('slack'), hmacKey: base64('k') };
    fc.assert(
      fc.property(nearMisses(valid), (data) => {
        // The API server stores texts only.
        const texts = Object.entries(Object(data)).filter(([, each]) => typeof each === 'string');
        check(secret(Object.fromEntries(texts) as Record<string, string>));
      }),
      { numRuns: 10_000 },
    );
    check(undefined);
  });
});
