import { expect } from 'chai';
import fc from 'fast-check';
import { controllerOf, keyOf, nameOf } from '../objects/object.ts';
import { corePath, inWords, isName, pathOf, urlPath } from './request.ts';

const PODS = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' };
const RUNS = { apiVersion: 'e2e.backend.ai/v1alpha1', kind: 'TestRun', plural: 'testruns' };

describe('names and paths', () => {
  it('follow the URI rules of the core group and of the others', () => {
    expect(pathOf(PODS, { namespace: 'ns', name: 'a' }, 'log')).to.equal('/api/v1/namespaces/ns/pods/a/log');
    expect(pathOf(RUNS, {})).to.equal('/apis/e2e.backend.ai/v1alpha1/testruns');
    expect(pathOf(RUNS, { namespace: 'ns' })).to.equal(
      '/apis/e2e.backend.ai/v1alpha1/namespaces/ns/testruns',
    );
  });

  it('refuse a slash or a percent sign, which the API server decodes before it splits the path', () => {
    expect(pathOf(PODS, { namespace: 'ns', name: 'b?c' })).to.equal('/api/v1/namespaces/ns/pods/b%3Fc');
    for (const name of ['a/status', '../x', 'a%2Fb', '%2e%2e', '']) {
      expect(() => pathOf(PODS, { namespace: 'ns', name }), name).to.throw(
        RangeError,
        'no name of an object',
      );
    }
  });

  it('stay inside their namespace, whatever a name contains', function () {
    this.timeout(600_000);
    const proxy = ['services', 'artifacts:http', 'proxy'] as const;
    expect(corePath('ns', ...proxy)).to.equal('/api/v1/namespaces/ns/services/artifacts:http/proxy');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        if (!isName(name)) {
          expect(() => corePath('ns', 'pods', name)).to.throw(RangeError);
          expect(() => pathOf(PODS, { namespace: 'ns', name })).to.throw(RangeError);
          return;
        }
        const url = new URL(`https://server${corePath('ns', 'pods', name, 'log')}`);
        expect(url.search + url.hash).to.equal('');
        expect(url.pathname.split('/').slice(0, 6)).to.deep.equal([
          '',
          'api',
          'v1',
          'namespaces',
          'ns',
          'pods',
        ]);
        expect(url.pathname.split('/')).to.have.length(8);
      }),
      { numRuns: 10_000 },
    );
  });

  it('leave out parameters that are undefined', () => {
    expect(urlPath('/x', { a: 'k=v,w', b: undefined, c: true })).to.equal('/x?a=k%3Dv%2Cw&c=true');
    expect(urlPath('/x', { b: undefined })).to.equal('/x');
  });

  it('have a form for error messages', () => {
    expect(inWords('apply', RUNS, { namespace: 'ns', name: 'a' }, 'status')).to.equal(
      'apply testruns/status ns/a',
    );
    expect(inWords('list', PODS, {})).to.equal('list pods');
  });

  it('convert to keys and back', () => {
    for (const name of [{ namespace: 'ns', name: 'a' }, { name: 'a' }])
      expect(nameOf(keyOf(name))).to.deep.equal(name);
  });

  it('lead from a child to its controlling owner, of whatever version', () => {
    const owner = { apiVersion: 'e2e.backend.ai/v1', kind: 'TestRun', name: 'nightly', uid: 'u' };
    const child = (reference: object) => ({
      metadata: { namespace: 'ns', name: 'job', ownerReferences: [{ ...owner, ...reference }] },
    });
    expect(controllerOf(child({ controller: true }), RUNS)).to.deep.equal({
      namespace: 'ns',
      name: 'nightly',
    });
    expect(controllerOf(child({}), RUNS)).to.equal(undefined);
    expect(controllerOf(child({ controller: true, apiVersion: 'other.org/v1' }), RUNS)).to.equal(undefined);
    expect(controllerOf({ metadata: { name: 'x' } }, RUNS)).to.equal(undefined);
  });
});
