import type { Deployment } from '@backendai-e2e/kube/builtin-resources';
import { renderOperatorChartIn } from '@backendai-e2e/tools/envtest/operator/operator-chart';
import { expect } from 'chai';
import { parse } from 'yaml';
import { localRun } from './local-arguments.ts';
import { tokenKubeconfig } from './token-kubeconfig.ts';

const places = {
  chartsDir: '/checkout/charts',
  helm: '/tools/helm',
  folder: '/checkout/out/dev',
  forwardedPort: 4321,
  logLevel: 'debug',
};

const deployment = async (...values: string[]): Promise<Deployment> =>
  parse(await renderOperatorChartIn('ns', values, 'deployment.yaml'));

describe("the operator's Deployment on a developer's machine", () => {
  it('has local paths, a forwarded Service, and the files of its volumes', async () => {
    const run = localRun(await deployment('artifacts.store=volume'), places);
    expect(run.args).to.include.members([
      '--charts-dir=/checkout/charts',
      '--helm=/tools/helm',
      '--catalog=/checkout/out/dev/suites.yaml',
      '--artifacts-url=http://127.0.0.1:4321',
      '--artifacts-token-file=/checkout/out/dev/token',
      '--metrics-port=0',
      '--log-level=debug',
    ]);
    expect(run.forward).to.deep.equal({ namespace: 'ns', service: 'backendai-e2e-artifacts', port: 8080 });
    expect(run.serviceAccount).to.equal('backendai-e2e-operator');
    expect(run.files).to.deep.equal([
      { from: 'ConfigMap', name: 'backendai-e2e-operator-catalog', key: 'suites.yaml', file: 'suites.yaml' },
      { from: 'Secret', name: 'backendai-e2e-artifacts', key: 'token', file: 'token' },
    ]);
  });

  it('keeps every other argument, the leader election among them', async () => {
    const { args } = localRun(await deployment(), places);
    expect(args).to.include.members(['--namespace=ns', '--leader-elect', '--fault-image=']);
    expect(args.find((one) => one.startsWith('--environment-role='))).to.match(/=.+/);
  });

  it('forwards nothing where artifacts stay in ConfigMaps', async () => {
    const run = localRun(await deployment('artifacts.store=configMap'), places);
    expect(run).not.to.have.property('forward');
    expect(run.files.map(({ from }) => from)).to.deep.equal(['ConfigMap']);
  });

  it('is refused when it is not the operator', () => {
    expect(() => localRun({ metadata: { name: 'other' } } as Deployment, places)).to.throw(
      'no container "operator"',
    );
  });
});

describe("the operator's kubeconfig on a developer's machine", () => {
  const admin = `
current-context: kind
contexts: [{name: kind, context: {cluster: c, user: admin}}]
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', certificate-authority: ca.crt}}]
users: [{name: admin, user: {client-key-data: secret}}]
`;

  it('reaches the same cluster with the token, and holds nothing of the administrator', () => {
    const text = tokenKubeconfig(admin, '/home/me/config', 'abc', 'ns');
    expect(text).not.to.contain('secret').and.not.to.contain('admin');
    const config = parse(text);
    expect(config.clusters[0].cluster).to.deep.equal({
      server: 'https://127.0.0.1:1',
      'certificate-authority': '/home/me/ca.crt',
    });
    expect(config.users[0].user).to.deep.equal({ token: 'abc' });
    expect(config.contexts[0].context.namespace).to.equal('ns');
  });

  it('names the file that has no cluster', () => {
    expect(() => tokenKubeconfig('{}', '/x/config', 't', 'n')).to.throw('/x/config has no cluster');
  });
});
