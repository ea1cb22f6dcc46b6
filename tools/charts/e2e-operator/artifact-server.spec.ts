import { expect } from 'chai';
import { execa } from 'execa';
import { helmPath } from '../../envtest/processes/pinned-tools.ts';
import { CHART, IMAGES, type Manifest, template } from '../rendering/e2e-operator.ts';

describe('charts/e2e-operator', () => {
  let objects: Manifest[];
  before(async () => {
    objects = await template(CHART, ...IMAGES);
  });

  describe('has an artifact server that', () => {
    interface ArtifactServerDeployment {
      spec: {
        replicas: number;
        strategy: { type: string };
        template: {
          spec: {
            automountServiceAccountToken: boolean;
            containers: {
              env: { name: string; value?: string; valueFrom?: object }[];
              volumeMounts: object[];
            }[];
            volumes: Record<string, unknown>[];
          };
        };
      };
    }
    const artifactServerOf = (list: Manifest[]) =>
      list.find(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'backendai-e2e-artifacts',
      ) as unknown as ArtifactServerDeployment | undefined;
    const withValues = (set: string) => template(CHART, ...IMAGES, '--set', set);
    const volumeOf = (artifactServer: ArtifactServerDeployment | undefined, name: string) =>
      artifactServer?.spec.template.spec.volumes.find((volume) => volume.name === name);
    const variables = (artifactServer: ArtifactServerDeployment | undefined) =>
      Object.fromEntries(
        (artifactServer?.spec.template.spec.containers[0]?.env ?? []).map(({ name, value, valueFrom }) => [
          name,
          value ?? valueFrom,
        ]),
      );

    it('has a volume by default and no rights in the cluster; the operator knows it and its token', () => {
      const artifactServer = artifactServerOf(objects);
      expect(artifactServer?.spec.template.spec.automountServiceAccountToken).to.equal(false);
      expect(volumeOf(artifactServer, 'artifacts')).to.deep.equal({
        name: 'artifacts',
        emptyDir: { sizeLimit: '2Gi' },
      });
      expect(variables(artifactServer)).to.include({ E2E_ARTIFACTS_FOLDER: '/artifacts' });
      const operator = JSON.stringify(
        objects.find(
          ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'backendai-e2e-operator',
        ),
      );
      expect(operator)
        .to.contain('--artifacts-service=ns/backendai-e2e-artifacts:http')
        .and.contain('--artifacts-url=http://backendai-e2e-artifacts.ns.svc:8080')
        .and.contain('"secretName":"backendai-e2e-artifacts"');
    });

    it('uses a claim of the release, or an existing one', async () => {
      const made = await withValues('artifacts.volume.claim.accessModes={ReadWriteOnce}');
      expect(made.filter(({ kind }) => kind === 'PersistentVolumeClaim')).to.have.length(1);
      expect(volumeOf(artifactServerOf(made), 'artifacts')).to.deep.include({
        persistentVolumeClaim: { claimName: 'backendai-e2e-artifacts' },
      });
      expect(artifactServerOf(made)?.spec.strategy).to.deep.equal({ type: 'Recreate' });
      const there = await withValues('artifacts.volume.existingClaim=mine');
      expect(there.filter(({ kind }) => kind === 'PersistentVolumeClaim')).to.deep.equal([]);
      expect(volumeOf(artifactServerOf(there), 'artifacts')).to.deep.include({
        persistentVolumeClaim: { claimName: 'mine' },
      });
    });

    it('uses the bucket of the values, and alone has its credentials', async () => {
      const values = [
        'store=s3',
        's3.bucket=kept',
        's3.endpoint=https://s3.example:9000',
        's3.region=eu-1',
        's3.prefix=e2e',
        's3.pathStyle=false',
        's3.credentialsSecret=keys',
        's3.ca.configMap=trust',
        's3.ca.key=bundle.pem',
      ];
      const list = await withValues(values.map((value) => `artifacts.${value}`).join(','));
      const artifactServer = artifactServerOf(list);
      expect(variables(artifactServer)).to.deep.include({
        E2E_ARTIFACTS_S3_BUCKET: 'kept',
        E2E_ARTIFACTS_S3_ENDPOINT: 'https://s3.example:9000',
        E2E_ARTIFACTS_S3_REGION: 'eu-1',
        E2E_ARTIFACTS_S3_PREFIX: 'e2e',
        E2E_ARTIFACTS_S3_PATH_STYLE: 'false',
        E2E_ARTIFACTS_S3_CA_FILE: '/etc/backendai-e2e/ca/bundle.pem',
        AWS_SECRET_ACCESS_KEY: { secretKeyRef: { name: 'keys', key: 'secretAccessKey' } },
      });
      expect(volumeOf(artifactServer, 'ca')).to.deep.include({ configMap: { name: 'trust' } });
      expect(volumeOf(artifactServer, 'artifacts')).to.equal(undefined);
      const others = list.filter((object) => (object as unknown) !== artifactServer);
      expect(JSON.stringify(others)).not.to.contain('"keys"');
    });

    it('is refused without a bucket, or with an unknown store', async () => {
      const why = async (set: string) => {
        const args = ['template', 'e2e', CHART, ...IMAGES, '--set', set];
        return (await execa(helmPath(), args, { reject: false })).stderr;
      };
      expect(await why('artifacts.store=s3')).to.contain('set artifacts.s3.bucket to the name of a bucket');
      expect(await why('artifacts.store=tape')).to.contain('artifacts/store');
      expect(await why('artifacts.s3.endpoint=s3.example')).to.contain('endpoint');
    });

    it('is absent with the store configMap, which alone lets the operator create ConfigMaps', async () => {
      const list = await withValues('artifacts.store=configMap');
      expect(artifactServerOf(list)).to.equal(undefined);
      expect(list.filter(({ metadata }) => metadata.name === 'backendai-e2e-artifacts')).to.deep.equal([]);
      expect(JSON.stringify(list)).not.to.contain('--artifacts-');
      const mayMake = (manifests: Manifest[]) =>
        manifests
          .filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'backendai-e2e-operator')
          .some(({ rules }) => rules?.some(({ resources }) => resources.includes('configmaps')));
      expect([mayMake(list), mayMake(objects)]).to.deep.equal([true, false]);
    });
  });
});
