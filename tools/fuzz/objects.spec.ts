import { expect } from 'chai';
import { makersOf } from './objects.ts';

const KNOWN = { environments: ['e'], suites: ['s'], runs: ['r'] };

/** The specs of the first TestSuites of a seed. */
function suites(seed: number, count: number): string[] {
  const specs: string[] = [];
  for (const make of makersOf('TestSuite', KNOWN, seed)) {
    if (specs.length === count) break;
    specs.push(JSON.stringify(make(0).spec));
  }
  return specs;
}

describe('the objects of the fuzz', () => {
  it('are as many as it wants, and not the same ones again', () => {
    const made = suites(7, 400);
    expect(made).to.have.length(400);
    expect(new Set(made).size).to.be.greaterThan(390);
  });

  it('are the same for the same seed', () => {
    expect(suites(7, 110)).to.deep.equal(suites(7, 110));
    expect(suites(7, 110)).to.not.deep.equal(suites(8, 110));
  });

  it('have resources that a cluster accepts in most suites that have any', () => {
    const quantity = /^[0-9.]+([eE][0-9]+|[numkMGTPE]|[KMGTPE]i)?$/;
    const asked = suites(7, 600).flatMap((spec) => {
      const { requests = {}, limits = {} } = JSON.parse(spec).resources ?? {};
      const values = Object.values({ ...requests, ...limits });
      return values.length === 0 ? [] : [values.every((value) => quantity.test(String(value)))];
    });
    expect(asked.length).to.be.greaterThan(100);
    expect(asked.filter(Boolean).length).to.be.within(asked.length / 2, asked.length - 10);
  });
});
