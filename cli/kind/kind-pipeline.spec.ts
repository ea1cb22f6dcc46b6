import { run, suite } from '@backendai-e2e/results/run-fixtures';
import { expect } from 'chai';
import { PhaseClock } from '../pipeline/phases.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { PlainRenderer } from '../terminal/renderer.ts';
import { Machine, options } from './kind-fixtures.ts';
import { runKind } from './kind-pipeline.ts';

describe('the job', () => {
  it('passes, reports and removes its cluster', async () => {
    const machine = new Machine();
    const { ending, kept } = await machine.job();
    expect(ending.code).to.equal(0);
    expect(kept).to.equal(false);
    expect(machine.did).to.deep.equal([
      'inspect',
      'tools',
      'engine',
      'images',
      'createCluster',
      'loadImages',
      'installOperator',
      'created',
      'collect',
      'deleteCluster',
    ]);
  });

  it('makes the images of the Backend.AI that is asked for', async () => {
    const machine = new Machine();
    await machine.job({ backendAi: { kind: 'series', series: '26.9' } });
    expect(machine.backendAi).to.deep.equal({ kind: 'series', series: '26.9' });
  });

  it('refuses a release that is earlier than the one whose database the environment has', async () => {
    const machine = new Machine();
    machine.cluster = true;
    machine.environments = [
      {
        metadata: { name: 'e2e' },
        spec: { chart: { name: 'backend-ai' } },
        status: { components: [{ name: 'manager', version: '26.9.6' }] },
      },
    ];
    machine.release = '26.9.0';
    const { ending } = await machine.job({ reuse: true });
    expect(ending.code).to.equal(2);
    expect(ending.sentence).to.match(/26\.9\.6, which 26\.9\.0 cannot use: begin with a new cluster/);
    expect(machine.applied).to.deep.equal([]);
    machine.release = '26.9.7';
    expect((await machine.job({ reuse: true })).ending.code).to.equal(0);
  });

  it('makes the images to upgrade to as well, and ends with 2 for an earlier release', async () => {
    const machine = new Machine();
    machine.at.images = () => {
      // The first set is that of the start.
      if (machine.did.filter((step) => step === 'images').length === 1) machine.release = '26.8.3';
      else machine.release = '26.9.6';
    };
    const upgradeTo = { kind: 'series', series: '26.9' } as const;
    const { ending } = await machine.job({ upgradeTo });
    expect(machine.backendAi).to.deep.equal(upgradeTo);
    expect(ending.sentence).to.include('no test waited for an upgrade');
    const downwards = new Machine();
    expect((await downwards.job({ upgradeTo })).ending).to.include({ code: 2 });
    expect(downwards.did).not.to.include('createCluster');
  });

  it('creates the requested number of environments, in order, before the run', async () => {
    const one = new Machine();
    await one.job();
    expect(one.applied).to.deep.equal(['testenvironments/e2e']);
    const machine = new Machine();
    machine.at.created = () => machine.applied.push('run');
    const { state } = await machine.job({ environments: 3 });
    expect(machine.applied).to.deep.equal([
      'testenvironments/e2e',
      'testenvironments/e2e-2',
      'testenvironments/e2e-3',
      'run',
    ]);
    expect(state.names?.moreEnvironments).to.deep.equal(['e2e-2', 'e2e-3']);
  });

  it('records what it did to a run, only in runs that it may disturb', async () => {
    expect((await new Machine().job()).state.events).to.equal(undefined);
    const { ending, state } = await new Machine().job({ killOperator: [] });
    expect(ending.code).to.equal(0);
    // The run was over when it was first looked at.
    expect(state.events?.map(({ reason }) => reason)).to.deep.equal(['OperatorNotKilled']);
  });

  it('reports the verdict of a failed run and removes the cluster', async () => {
    const machine = new Machine();
    machine.finished = run([suite('s', 'Failed')], { status: 'False', reason: 'SuitesFailed' });
    expect((await machine.job()).ending.code).to.equal(1);
    expect(machine.cluster).to.equal(false);
  });

  for (const step of ['createCluster', 'loadImages', 'installOperator', 'created'] as const) {
    it(`removes the cluster when ${step} fails, and says what failed`, async () => {
      const machine = new Machine();
      machine.at[step] = () => {
        throw new Error(`${step} broke`);
      };
      const { ending } = await machine.job();
      expect(ending).to.deep.equal({ code: 2, sentence: `${step} broke` });
      expect(machine.cluster).to.equal(false);
    });

    it(`removes the cluster on Ctrl-C during ${step}, and collects nothing`, async () => {
      const machine = new Machine();
      machine.at[step] = () => machine.interrupt();
      const { ending } = await machine.job();
      expect(ending).to.deep.equal({ code: 130, sentence: 'stopped by SIGINT' });
      expect(machine.cluster).to.equal(false);
      expect(machine.did).not.to.include('collect');
    });
  }

  for (const step of ['inspect', 'tools', 'engine', 'images'] as const) {
    it(`starts nothing more after Ctrl-C during ${step}`, async () => {
      const machine = new Machine();
      machine.at[step] = () => machine.interrupt();
      expect((await machine.job()).ending.code).to.equal(130);
      expect(machine.did.at(-1)).to.equal(step);
    });
  }

  it('removes the cluster on Ctrl-C while it collects', async () => {
    const machine = new Machine();
    machine.at.collect = () => {
      machine.interrupt();
      throw new Error('cut off');
    };
    expect((await machine.job()).ending.code).to.equal(130);
    expect(machine.cluster).to.equal(false);
  });

  it('with --keep leaves the cluster, after success and after failure', async () => {
    for (const reason of ['AllPassed', 'SuitesFailed']) {
      const machine = new Machine();
      machine.finished = run([suite('s', 'Passed')], { status: 'False', reason });
      expect((await machine.job({ keep: true })).kept).to.equal(true);
      expect(machine.did).not.to.include('deleteCluster');
    }
  });

  it('with --keep removes a cluster that was interrupted before the operator was installed', async () => {
    const machine = new Machine();
    machine.at.createCluster = () => machine.interrupt();
    expect((await machine.job({ keep: true })).kept).to.equal(false);
    expect(machine.cluster).to.equal(false);
  });

  it('with --reuse cancels the run on Ctrl-C and keeps the cluster', async () => {
    const machine = new Machine();
    machine.cluster = true;
    machine.finished = run([], { status: 'Unknown', reason: 'Running' });
    machine.at.created = () => setTimeout(() => machine.interrupt(), 5);
    const { ending, kept } = await machine.job({ reuse: true });
    expect(ending.code).to.equal(130);
    expect(kept).to.equal(true);
    expect(machine.patches).to.deep.equal([{ spec: { cancel: true } }]);
    expect(machine.did).not.to.include('createCluster');
  });

  it('with --reuse writes the kubeconfig again, which another checkout or a removed folder lacks', async () => {
    const machine = new Machine();
    machine.cluster = true;
    expect((await machine.job({ reuse: true })).ending.code).to.equal(0);
    expect(machine.did.indexOf('joinCluster')).to.be.within(0, machine.did.indexOf('images'));
  });

  it('refuses a cluster that exists unless --reuse is given', async () => {
    const machine = new Machine();
    machine.cluster = true;
    const { ending } = await machine.job();
    expect(ending.code).to.equal(2);
    expect(ending.sentence).to.contain('REUSE=1').and.contain('make down');
    expect(machine.cluster).to.equal(true);
  });

  it('refuses --reuse where no cluster exists', async () => {
    const machine = new Machine();
    const { ending } = await machine.job({ reuse: true });
    expect(ending.code).to.equal(2);
    expect(machine.did).not.to.include('images');
  });

  it('does not succeed when something is left behind or the clean-up fails', async () => {
    const left = new Machine();
    left.leftovers = ['container x'];
    expect((await left.job()).ending)
      .to.include({ code: 2 })
      .and.property('sentence')
      .contains('left container x');
    const broken = new Machine();
    broken.at.deleteCluster = () => {
      throw new Error('engine is gone');
    };
    expect((await broken.job()).ending)
      .to.include({ code: 2 })
      .and.property('sentence')
      .contains('engine is gone');
  });

  it('refuses a machine that lacks something, and names the remedy', async () => {
    const machine = new Machine();
    const effects = machine.effects();
    const { ending } = await runKind(options, {
      effects: {
        ...effects,
        inspect: async () => [{ name: 'disk', state: 'missing', detail: '2 GB free', remedy: 'free 20 GB' }],
      },
      renderer: new PlainRenderer({ write: () => {} }, () => 0),
      clock: new PhaseClock(),
      interruption: onInterrupt(() => {}, machine.signals),
      collect: async () => [],
    });
    expect(ending.code).to.equal(2);
    expect(ending.sentence).to.contain('disk: missing (2 GB free); free 20 GB');
    expect(machine.did).to.deep.equal([]);
  });
});
