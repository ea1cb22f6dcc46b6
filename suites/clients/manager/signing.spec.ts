import { expect } from 'chai';
import { authorization } from './signing.ts';

/** Both vectors were computed with generate_signature of backend.ai-common 26.9.6, in Python. */
describe('signing of requests', () => {
  const keyPair = { accessKey: 'AKIAEXAMPLE', secretKey: 'example-secret-key' };

  it('gives the signature that the server computes', () => {
    const signed = authorization(
      {
        method: 'post',
        path: '/session/my%20name?forced=true',
        host: 'manager.bai-e2e.svc.cluster.local:8081',
        contentType: 'application/json',
        date: '2026-11-22T18:05:30.123000+00:00',
      },
      keyPair,
    );
    expect(signed).to.equal(
      'BackendAI signMethod=HMAC-SHA256, credential=AKIAEXAMPLE:eb2686df3d375f70db246281735eb55659f7b65b835d578d55e14a9ab9c1b8a9',
    );
  });

  it('lowers the content type and takes a host without a port', () => {
    const signed = authorization(
      {
        method: 'GET',
        path: '/',
        host: 'manager',
        contentType: 'Multipart/Form-Data',
        date: '2026-01-02T03:04:05+00:00',
      },
      keyPair,
    );
    expect(signed).to.match(/:8520983fba9d738fae21f26d6a4b1f0a3102e88bafbeab4a18b53fe8e7c36cec$/);
  });
});
