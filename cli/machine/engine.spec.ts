import { expect } from 'chai';
import { planEngine } from './engine.ts';

const debianRoot = { families: ['debian'], root: true };

describe('where no engine answers', () => {
  it('one is provided on Debian and Ubuntu as root', () => {
    expect(planEngine(debianRoot, {}).do).to.equal('provide');
    expect(planEngine({ families: ['ubuntu', 'debian'], root: true }, {}).do).to.equal('provide');
  });
  it('an engine that the user chose is never replaced', () => {
    const plan = planEngine(debianRoot, { DOCKER_HOST: 'tcp://10.0.0.1:2376' });
    expect(plan).to.include({ do: 'refuse' });
    expect(plan).to.have.property('why').that.includes('tcp://10.0.0.1:2376');
  });
  it('a user without rights is told what to do', () => {
    expect(planEngine({ families: ['debian'], root: false }, {}))
      .to.have.property('remedy')
      .that.includes('group "docker"');
  });
  it('other systems are asked to install Docker', () => {
    expect(planEngine({ families: ['fedora'], root: true }, {}))
      .to.have.property('remedy')
      .that.includes('Install and start Docker');
  });
});
