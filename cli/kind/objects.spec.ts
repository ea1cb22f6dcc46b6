import { expect } from 'chai';
import { BAKED } from '../images/table.ts';
import { checkGrep } from '../runs/run-spec.ts';
import { parseMemoryUsage } from './memory.ts';
import { chartImages, environmentObject, kindRun } from './objects.ts';

const choice = { includeSlow: true, timeoutSeconds: 60, parallelism: 2, environmentTimeoutSeconds: 30 };

describe('the objects that a job creates', () => {
  it('requests every suite by default', () => {
    expect(kindRun(choice, 1).spec.parallelism).to.equal(2);
    expect(kindRun(choice, 1).spec).to.not.have.property('suites');
    expect(kindRun({ ...choice, includeSlow: false }, 1).spec.suites).to.deep.equal({ includeSlow: false });
    expect(kindRun({ ...choice, suites: ['a'], includeSlow: false }, 1).spec.suites).to.deep.equal({
      names: ['a'],
    });
  });

  it('requests rounds only when they are given', () => {
    expect(kindRun({ ...choice, rounds: 10 }, 1).spec.rounds).to.equal(10);
    expect(kindRun(choice, 1).spec).to.not.have.property('rounds');
  });

  it("overrides the chart's images with ours", () => {
    const object = environmentObject(
      { images: { agent: 'old' }, manager: { replicas: 1 } },
      { agent: 'new' },
    );
    expect(object.spec.chart?.values).to.deep.equal({ images: { agent: 'new' }, manager: { replicas: 1 } });
  });

  it('gives single components an image of their own', () => {
    const refs = Object.fromEntries(BAKED.map((name) => [name, `x/${name}:1`]));
    expect(chartImages(refs)).to.include({ backendAi: 'x/backend-ai:1' }).and.not.have.property('manager');
    const mixed = chartImages(refs, { manager: 'y:1', 'appproxy-worker': 'y:2' });
    expect(mixed).to.include({ backendAi: 'x/backend-ai:1', manager: 'y:1', appproxyWorker: 'y:2' });
  });

  it('restores the snapshot of a release only for a manager of that release', () => {
    const refs = Object.fromEntries(BAKED.map((name) => [name, `x/${name}:1`]));
    expect(chartImages(refs, { webserver: 'y:1' })).to.include({ bootstrap: 'x/bootstrap:1' });
    expect(chartImages(refs, { manager: 'y:1' })).not.to.have.property('bootstrap');
  });

  it('names an image that was not built', () => {
    expect(() => chartImages({ postgres: 'p' })).to.throw('there is no image "valkey"');
  });

  it('refuses an invalid regular expression before anything is built', () => {
    expect(() => checkGrep('(')).to.throw('--grep "(" is not a regular expression');
    expect(() => checkGrep('a|b')).not.to.throw();
  });
});

describe('reading what other programs write', () => {
  it('docker stats', () => {
    expect(parseMemoryUsage('3.5GiB / 23.47GiB')).to.equal(3.5 * 2 ** 30);
    expect(parseMemoryUsage('512MiB / 1GiB\n')).to.equal(2 ** 29);
    expect(parseMemoryUsage('-- / --')).to.equal(undefined);
  });
});
