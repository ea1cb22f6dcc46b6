import { expect } from 'chai';
import type { CatalogEntry } from '../catalog/catalog.ts';
import { memoryFinding } from '../machine/doctor.ts';
import { kindCommand, ordered, usualEnvironments } from './kind.ts';

const entry = (name: string, more: Partial<CatalogEntry> = {}): CatalogEntry => ({
  ...{ name, area: 'area', files: ['area/file'] },
  ...more,
});
const catalog = [
  entry('short'),
  entry('long'),
  entry('lazy', { slow: true }),
  entry('rare', { onDemand: true }),
];
const seconds = new Map([
  ['short', 1],
  ['long', 200],
  ['lazy', 150],
]);

describe('the environments of a job', () => {
  it('are three for all suites where memory allows, and one for a part', () => {
    expect(usualEnvironments({ includeSlow: true }, 64)).to.equal(3);
    expect(usualEnvironments({ includeSlow: true }, 12)).to.equal(2);
    expect(usualEnvironments({ includeSlow: true }, 7)).to.equal(1);
    expect(usualEnvironments({ suites: 'storage', includeSlow: true }, 64)).to.equal(1);
    expect(usualEnvironments({ grep: 'x', includeSlow: true }, 64)).to.equal(1);
    expect(usualEnvironments({ includeSlow: false }, 64)).to.equal(1);
  });

  it('need more memory each, and the doctor reports how many fit', () => {
    expect(memoryFinding(7, 1).state).to.equal('found');
    expect(memoryFinding(13, 3).state).to.equal('found');
    const finding = memoryFinding(10.5, 3);
    expect(finding).to.include({ state: 'missing', detail: '10.5 GiB, 13 are needed for 3 environments' });
    expect(finding.remedy).to.include('ENVIRONMENTS=2');
    expect(memoryFinding(3.8).detail).to.equal('3.8 GiB, 7 are needed');
  });
});

describe('the order in which suites start', () => {
  const options = { includeSlow: true, parallelism: 1, environments: 1 };

  it('is that of the operator where there is one environment', () => {
    expect(ordered(undefined, catalog, seconds, options)).to.equal(undefined);
    expect(ordered(['short', 'long'], catalog, seconds, options)).to.deep.equal(['short', 'long']);
  });

  it('is longest first where there are several environments', () => {
    const several = { ...options, environments: 2 };
    expect(ordered(undefined, catalog, seconds, several)).to.deep.equal(['long', 'lazy', 'short']);
    expect(ordered(undefined, catalog, seconds, { ...several, includeSlow: false })).to.deep.equal([
      'long',
      'short',
    ]);
    const beside = { ...options, parallelism: 2 };
    expect(ordered(['short', 'rare', 'long'], catalog, seconds, beside)).to.deep.equal([
      'long',
      'rare',
      'short',
    ]);
  });

  it('is that of the seed when one is given', () => {
    const seeded = ordered(undefined, catalog, seconds, { ...options, environments: 3, shuffle: '7' });
    expect([...(seeded ?? [])].sort()).to.deep.equal(['lazy', 'long', 'short']);
    const again = ordered(undefined, catalog, seconds, { ...options, shuffle: '7' });
    expect(again).to.deep.equal(seeded);
  });
});

describe('the plan of an upgrade', () => {
  const planOf = async (more: object): Promise<[number, string]> => {
    const { log, error } = console;
    const said: string[] = [];
    console.log = (line: unknown) => void said.push(String(line));
    console.error = console.log;
    const usual = { keep: false, reuse: false, includeSlow: true, timeoutSeconds: 60, parallelism: 1 };
    try {
      const upgrade = { backendAi: '26.8.3', upgradeTo: '26.9.6' };
      return [await kindCommand({ ...usual, ...upgrade, ...more, dryRun: true }), said.join('\n')];
    } finally {
      Object.assign(console, { log, error });
    }
  };

  it('has the suites of upgrade alone, and one environment', async () => {
    const [code, plan] = await planOf({});
    expect(code, plan).to.equal(0);
    expect(plan).to.include('Backend.AI: 26.8.3\nupgraded to: 26.9.6\n').and.include('suites (1):');
    expect(plan).to.include('upgrade-rolling').and.not.include('environments:');
  });
  it('is refused for a kept cluster and for several environments', async () => {
    for (const more of [{ reuse: true }, { environments: 2 }]) {
      const [code, said] = await planOf(more);
      expect(code).to.equal(2);
      expect(said).to.include('the one environment of a new cluster');
    }
  });
});
