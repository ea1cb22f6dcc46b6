import { expect } from 'chai';
import { proxyFor } from './proxy.ts';

const proxy = 'http://proxy:3128';
const of = (server: string, env: NodeJS.ProcessEnv, proxyUrl?: string) =>
  proxyFor(new URL(server), proxyUrl, env);

describe('the proxy of a cluster', () => {
  it('is its proxy-url, whatever the environment says', () => {
    const env = { HTTPS_PROXY: 'http://other:1', NO_PROXY: '*' };
    expect(of('https://api.example.com:6443', env, proxy)).to.equal(proxy);
    expect(of('https://127.0.0.1:6443', {}, 'socks5://proxy:1080')).to.equal('socks5://proxy:1080');
  });

  const cases: [string, string, NodeJS.ProcessEnv, string | undefined][] = [
    ['takes HTTPS_PROXY for https', 'https://api.example.com', { HTTPS_PROXY: proxy }, proxy],
    ['takes https_proxy too', 'https://api.example.com', { https_proxy: proxy }, proxy],
    ['takes HTTP_PROXY for http', 'http://api.example.com', { HTTP_PROXY: proxy }, proxy],
    ['does not take HTTP_PROXY for https', 'https://api.example.com', { HTTP_PROXY: proxy }, undefined],
    ['adds a missing scheme', 'https://api.example.com', { HTTPS_PROXY: 'proxy:3128' }, proxy],
    ['skips localhost', 'https://localhost:6443', { HTTPS_PROXY: proxy }, undefined],
    ['skips 127.0.0.0/8', 'https://127.1.2.3:6443', { HTTPS_PROXY: proxy }, undefined],
    ['skips ::1', 'https://[::1]:6443', { HTTPS_PROXY: proxy }, undefined],
  ];
  for (const [title, server, env, wanted] of cases) {
    it(title, () => {
      expect(of(server, env)).to.equal(wanted);
    });
  }

  const exemptions: [string, string, boolean][] = [
    ['*', 'https://api.example.com', true],
    ['example.com', 'https://example.com', true],
    ['example.com', 'https://api.example.com', true],
    ['example.com', 'https://notexample.com', false],
    ['.example.com', 'https://api.example.com', true],
    ['.example.com', 'https://example.com', false],
    ['*.example.com', 'https://api.example.com', true],
    ['other.org, Example.COM', 'https://API.example.com', true],
    ['api.example.com:6443', 'https://api.example.com:6443', true],
    ['api.example.com:6443', 'https://api.example.com', false],
    ['10.0.0.0/8', 'https://10.96.0.1:6443', true],
    ['10.0.0.0/8', 'https://11.0.0.1', false],
    ['10.96.0.1', 'https://10.96.0.1', true],
    ['fd00::/8', 'https://[fd00::1]:6443', true],
    ['fd00::1', 'https://[fd00::1]:6443', true],
    ['[fd00::1]:6443', 'https://[fd00::1]:6443', true],
    ['', 'https://api.example.com', false],
  ];
  for (const [noProxy, server, exempt] of exemptions) {
    it(`NO_PROXY=${noProxy || '(empty)'} ${exempt ? 'exempts' : 'does not exempt'} ${server}`, () => {
      expect(of(server, { HTTPS_PROXY: proxy, NO_PROXY: noProxy })).to.equal(exempt ? undefined : proxy);
    });
  }

  it('refuses a scheme that kubectl refuses, without showing a password', () => {
    expect(() => of('https://api.example.com', {}, 'ftp://user:secret@proxy')).to.throw(
      /proxy-url of the kubeconfig is not supported: scheme ftp:\/\/\. Use http/,
    );
  });
});
