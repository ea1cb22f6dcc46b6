import { expect } from 'chai';
import type { LaidSources } from '../backend-ai/laid.ts';
import { imagesHeld, keepUntouched } from './untouched.ts';

const laid = (number: number, files: Record<string, string>): LaidSources => ({
  refs: [`x/backend-ai-checkout:${number}`, `x/agent-checkout:${number}`],
  base: 'packages',
  version: '26.9.6',
  files,
});
const images = (number: number) => ({
  backendAi: `x/backend-ai-checkout:${number}`,
  agent: `x/agent-checkout:${number}`,
  bootstrap: `x/backend-ai-checkout:${number}`,
  postgres: 'x/postgres:1',
});
const BUILDS = [
  laid(1, { 'manager/a.py': '1', 'agent/a.py': '1' }),
  laid(2, { 'manager/a.py': '2', 'agent/a.py': '1' }),
  laid(3, { 'manager/a.py': '2', 'agent/a.py': '2' }),
];

describe('the images of an environment that runs already', () => {
  const first = keepUntouched(images(2), images(1), BUILDS);
  it('are new only for the component that was edited', () => {
    expect(first).to.deep.equal({
      ...images(1),
      backendAi: 'x/backend-ai-checkout:2',
      storageProxy: 'x/backend-ai-checkout:1',
      webserver: 'x/backend-ai-checkout:1',
      appproxyCoordinator: 'x/backend-ai-checkout:1',
      appproxyWorker: 'x/backend-ai-checkout:1',
    });
  });
  it('stay different after a further edit of another component', () => {
    expect(keepUntouched(images(3), first, BUILDS)).to.include({
      manager: 'x/backend-ai-checkout:2',
      storageProxy: 'x/backend-ai-checkout:1',
      agent: 'x/agent-checkout:3',
    });
  });
  it('are all new after a release, and where it is not known what they hold', () => {
    expect(
      keepUntouched(images(2), { backendAi: 'x/backend-ai:9', agent: 'x/agent:9' }, BUILDS),
    ).to.deep.equal(images(2));
    expect(keepUntouched(images(2), images(1), BUILDS.slice(1))).to.deep.equal(images(2));
    expect(keepUntouched(images(2), {}, BUILDS)).to.deep.equal(images(2));
  });
  it('are those of a release again when it is asked for', () => {
    const release = { backendAi: 'x/backend-ai:9', agent: 'x/agent:9', bootstrap: 'x/bootstrap:9' };
    expect(keepUntouched(release, first, BUILDS)).to.deep.equal(release);
  });
  it('are read from the values of its chart', () => {
    const chart = { name: 'backend-ai', values: { images: { agent: 'x', odd: 1 } } };
    const environment = { metadata: { name: 'e2e' }, spec: { chart } } as unknown as Parameters<
      typeof imagesHeld
    >[0];
    expect(imagesHeld(environment)).to.deep.equal({ agent: 'x' });
    expect(imagesHeld(undefined)).to.deep.equal({});
  });
});
