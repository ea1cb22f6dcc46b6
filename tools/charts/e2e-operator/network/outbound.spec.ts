import { expect } from 'chai';
import { CHART, IMAGES, type Manifest, template } from '../../rendering/e2e-operator.ts';

interface Deployment {
  kind: string;
  metadata: { name: string };
  spec: {
    template: {
      spec: {
        serviceAccountName?: string;
        automountServiceAccountToken?: boolean;
        containers: {
          env?: { name: string; value?: string; valueFrom?: object }[];
          volumeMounts: { name: string; mountPath: string }[];
        }[];
        volumes: Record<string, unknown>[];
      };
    };
  };
}

describe('the way out of the cluster', function () {
  this.timeout(60_000);
  const PROXY = 'http://proxy.example:3128';
  const S3 = ['--set', 'artifacts.store=s3,artifacts.s3.bucket=logs'];

  /** The pod of the operator, or of the artifact server, as it is rendered with these values. */
  async function podOf(name: 'operator' | 'artifacts', ...set: string[]) {
    const key = set.join('\n');
    const objects =
      rendered.get(key) ?? template(CHART, ...IMAGES, ...S3, ...set.flatMap((each) => ['--set-json', each]));
    rendered.set(key, objects);
    return deploymentOf(await objects, name).spec.template.spec;
  }
  const rendered = new Map<string, Promise<Manifest[]>>();
  function deploymentOf(objects: Manifest[], name: string): Deployment {
    // The cast: the kind distinguishes Deployments.
    const found = (objects as unknown[] as Deployment[]).find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === `backendai-e2e-${name}`,
    );
    if (!found) throw new Error(`no Deployment of ${name}`);
    return found;
  }
  const variables = (pod: Awaited<ReturnType<typeof podOf>>) =>
    Object.fromEntries(
      (pod.containers[0]?.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom]),
    );

  for (const name of ['operator', 'artifacts'] as const) {
    it(`of ${name} has a proxy, but not to the cluster`, async () => {
      const env = variables(
        await podOf(name, `outbound={"httpsProxy":"${PROXY}","noProxy":"10.0.0.0/8,.corp.example"}`),
      );
      expect(env).to.include({ HTTPS_PROXY: PROXY });
      expect(env).to.not.have.property('HTTP_PROXY');
      // helm calls the API server by its address.
      expect(String(env.NO_PROXY).split(',')).to.include.members([
        '$(KUBERNETES_SERVICE_HOST)',
        '.svc',
        '10.0.0.0/8',
        '.corp.example',
      ]);
    });

    it(`of ${name} has a proxy with a password in a Secret`, async () => {
      const env = variables(await podOf(name, 'outbound.proxySecret="proxy"'));
      expect(env.HTTPS_PROXY).to.deep.equal({
        secretKeyRef: { name: 'proxy', key: 'httpsProxy', optional: true },
      });
      expect(env.NO_PROXY).to.include('.svc');
    });

    it(`of ${name} trusts more authorities`, async () => {
      for (const [kind, source] of [
        ['configMap', { configMap: { name: 'corp' } }],
        ['secret', { secret: { secretName: 'corp' } }],
      ] as const) {
        const pod = await podOf(name, `outbound.ca={"${kind}":"corp","key":"root.pem"}`);
        expect(variables(pod).NODE_EXTRA_CA_CERTS).to.equal('/etc/backendai-e2e/outbound-ca/root.pem');
        expect(pod.volumes).to.deep.include({ name: 'outbound-ca', ...source });
        expect(pod.containers[0]?.volumeMounts.map(({ name: volume }) => volume)).to.include('outbound-ca');
      }
    });

    it(`of ${name} has none of this by default`, async () => {
      const pod = await podOf(name);
      expect(Object.keys(variables(pod)).filter((each) => /PROXY|EXTRA_CA/.test(each))).to.deep.equal([]);
      expect(JSON.stringify(pod.volumes)).to.not.include('outbound-ca');
    });
  }

  it('of the artifact server has an identity of the cloud, without rights in the cluster', async () => {
    const ROLE = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/artifacts' };
    const set = `artifacts.serviceAccount.annotations=${JSON.stringify(ROLE)}`;
    const objects = await template(CHART, ...IMAGES, ...S3, '--set-json', set);
    const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
    const own = accounts.find(({ metadata }) => metadata.name === 'backendai-e2e-artifacts');
    expect(own?.metadata.annotations).to.deep.equal(ROLE);
    const pod = deploymentOf(objects, 'artifacts').spec.template.spec;
    expect(pod).to.include({
      serviceAccountName: 'backendai-e2e-artifacts',
      automountServiceAccountToken: false,
    });
    const bindings = objects.filter(({ kind }) => kind.endsWith('Binding'));
    expect(JSON.stringify(bindings)).to.not.include('"name":"backendai-e2e-artifacts"');
    // One that exists is used as it is.
    const given = await podOf('artifacts', 'artifacts.serviceAccount.name="vault"', set);
    expect(given.serviceAccountName).to.equal('vault');
  });

  it('of uploads has checksums where a bucket demands them', async () => {
    const sums = async (...set: string[]) =>
      variables(await podOf('artifacts', ...set)).E2E_ARTIFACTS_S3_CHECKSUMS;
    expect([await sums(), await sums('artifacts.s3.checksums=true')]).to.deep.equal(['false', 'true']);
  });
});
