import { testReport } from '@backendai-e2e/api/object-fixtures';
import { UPGRADE_TESTS } from '@backendai-e2e/api/runner-contract';
import { expect } from 'chai';
import type { ImageSet } from '../images/build.ts';
import { BAKED, LOADED } from '../images/table.ts';
import { ProvisionError } from '../machine/provision.ts';
import { imagesOf, refuseDowngrade, stepAwaited, Upgrade } from './upgrade.ts';

const setOf = (release: string, components: ImageSet['components'] = {}): ImageSet => ({
  refs: Object.fromEntries(
    [...BAKED, ...LOADED].map((name) => [name, `x/${name}:${release}`]),
  ) as ImageSet['refs'],
  ...{ components, runtimeImage: 'r', nodeImage: 'node', release },
});
const [from, to] = [setOf('26.8.3'), setOf('26.9.6')];
const running = (title: string, final = false) => ({
  reports: [testReport('r', { status: { current: title, final } })],
});

describe('the upgrade of an environment during a run', () => {
  it('has a step when the test that waits for it runs', () => {
    expect(stepAwaited(running(`an upgrade › ${UPGRADE_TESTS.services}`))).to.equal('services');
    expect(stepAwaited(running(`an upgrade › ${UPGRADE_TESTS.agents}`))).to.equal('agents');
    expect(stepAwaited(running('an upgrade › keeps vfolders'))).to.equal(undefined);
    expect(stepAwaited(running(`an upgrade › ${UPGRADE_TESTS.services}`, true))).to.equal(undefined);
    expect(stepAwaited({ reports: [] })).to.equal(undefined);
  });

  it('leaves the agents on the earlier release until their own step', () => {
    const services = imagesOf('services', from, to);
    expect(services).to.include({ backendAi: 'x/backend-ai:26.9.6', agent: 'x/agent:26.8.3' });
    const agents = imagesOf('agents', from, to);
    expect(agents).to.deep.equal({ ...services, agent: 'x/agent:26.9.6' });
  });

  it('is refused to the same release or an earlier one', () => {
    expect(() => refuseDowngrade(from, to)).not.to.throw();
    expect(() => refuseDowngrade(to, from)).to.throw(
      ProvisionError,
      '26.8.3, which is not later than 26.9.6',
    );
    expect(() => refuseDowngrade(to, to)).to.throw(ProvisionError);
  });

  const upgrade = (apply: () => Promise<unknown> = async () => ({})) => {
    const applied: { path: string; images: unknown }[] = [];
    const client = {
      apply: async <T>(path: string, object: unknown): Promise<T> => {
        const { spec } = object as { spec: { chart: { values: { images: unknown } } } };
        applied.push({ path, images: spec.chart.values.images });
        return (await apply()) as T;
      },
    };
    const progress = { title: () => {}, log: () => {}, state: () => {} };
    const signal = new AbortController().signal;
    return { applied, upgrade: new Upgrade(client, { from, to, values: {}, progress, signal }) };
  };

  it('takes each step once, in the order in which the run waits for them', async () => {
    const { applied, upgrade: made } = upgrade();
    for (const title of [UPGRADE_TESTS.services, UPGRADE_TESTS.services, 'x', UPGRADE_TESTS.agents]) {
      made.look(running(title));
    }
    expect(await made.ended()).to.deep.equal([]);
    expect(applied.map(({ images }) => images)).to.deep.equal([
      imagesOf('services', from, to),
      imagesOf('agents', from, to),
    ]);
    expect(applied[0]?.path).to.match(/testenvironments\/e2e$/);
    expect(made.events.map(({ reason, message }) => `${reason} ${message}`)).to.deep.equal([
      'UpgradeStarted services of e2e: Backend.AI 26.8.3 to 26.9.6',
      'UpgradeStarted agents of e2e: Backend.AI 26.8.3 to 26.9.6',
    ]);
  });

  it('is a problem of the job where it is refused, or where no test waits for it', async () => {
    const refused = upgrade(async () => {
      throw new Error('denied by a policy');
    }).upgrade;
    refused.look(running(UPGRADE_TESTS.services));
    expect(await refused.ended()).to.deep.equal([
      'the upgrade of services could not begin: denied by a policy',
    ]);
    const idle = upgrade().upgrade;
    idle.look(running('x'));
    expect(await idle.ended()).to.deep.equal(['no test waited for an upgrade: choose the suites of upgrade']);
  });
});
