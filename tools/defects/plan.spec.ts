import type { Component } from '@backendai-e2e/api/components';
import { expect } from 'chai';
import type { Defect } from './defect-list.ts';
import { managerLast, mustReconnect, overlapping, planGroups, selectDefects, suitesOf } from './plan.ts';

const defect = (name: string, component: Component, module: string, ...suites: string[]): Defect => ({
  name,
  component,
  kind: 'false answer',
  wrong: 'It lies.',
  way: { by: 'change', change: { name, module, replace: 'a', with: 'b', times: 1 } },
  suites,
  says: /a/,
});
const setting = (name: string, ...suites: string[]): Defect => ({
  ...defect(name, 'manager', '', ...suites),
  way: { by: 'setting', name: 'A', value: name },
});
const namesIn = (groups: Defect[][]) => groups.map((group) => group.map(({ name }) => name));

describe('planning defects', () => {
  it('plants one at a time, or as many as are allowed', () => {
    const three = [
      defect('a', 'manager', 'x', 's'),
      defect('b', 'agent', 'y', 's'),
      defect('c', 'webserver', 'z', 's'),
    ];
    expect(namesIn(planGroups(three, 1))).to.deep.equal([['a'], ['b'], ['c']]);
    expect(namesIn(planGroups(three, 2))).to.deep.equal([['a', 'b'], ['c']]);
    expect(namesIn(planGroups(three, 9))).to.deep.equal([['a', 'b', 'c']]);
  });

  it('keeps apart two defects of one module or two settings of one component', () => {
    const same = [defect('a', 'manager', 'x', 's'), defect('b', 'manager', 'x', 't')];
    expect(namesIn(planGroups(same, 9))).to.deep.equal([['a'], ['b']]);
    expect(namesIn(planGroups([setting('a', 's'), setting('b', 't')], 9))).to.deep.equal([['a'], ['b']]);
    const elsewhere = [defect('a', 'manager', 'x', 's'), defect('b', 'agent', 'x', 't')];
    expect(namesIn(planGroups(elsewhere, 9))).to.deep.equal([['a', 'b']]);
  });

  it('keeps apart two defects of one component that a suite should both notice', () => {
    const all = [
      defect('a', 'manager', 'x', 's'),
      defect('b', 'manager', 'y', 's', 't'),
      defect('c', 'manager', 'z', 'u'),
    ];
    expect(namesIn(planGroups(all, 9))).to.deep.equal([['a', 'c'], ['b']]);
  });

  it('runs each suite once, and only wanted ones', () => {
    const two = [defect('a', 'manager', 'x', 's', 't'), defect('b', 'agent', 'y', 't')];
    expect(suitesOf(two)).to.deep.equal(['s', 't']);
    expect(suitesOf(two, ['t'])).to.deep.equal(['t']);
  });

  it('selects by name and by suite, and refuses names that the list does not have', () => {
    const two = [defect('a', 'manager', 'x', 's'), defect('b', 'agent', 'y', 't')];
    expect(selectDefects(two, {})).to.deep.equal(two);
    expect(selectDefects(two, { names: ['b'] })).to.deep.equal([two[1]]);
    expect(selectDefects(two, { suites: ['s'] })).to.deep.equal([two[0]]);
    expect(() => selectDefects(two, { names: ['c'] })).to.throw('has no defect c');
    expect(() => selectDefects(two, { suites: ['u'] })).to.throw('no defect is for the suites u');
  });

  it('finds two defects that change the same text, which cannot be planted together', () => {
    const [one, same] = [defect('a', 'manager', 'x', 's'), defect('b', 'manager', 'x', 't')];
    expect(overlapping([one, setting('c'), same])).to.deep.equal(['a', 'b']);
    expect(overlapping([one, defect('b', 'agent', 'x', 's'), defect('c', 'manager', 'y', 's')])).to.equal(
      undefined,
    );
  });

  it('replaces the managers last, which must reach new agents', () => {
    expect(managerLast(['manager', 'agent', 'webserver'])).to.deep.equal([
      ['agent', 'webserver'],
      ['manager'],
    ]);
    expect(managerLast(['manager'])).to.deep.equal([['manager']]);
    expect(mustReconnect(['agent', 'webserver'])).to.equal(true);
    expect(mustReconnect(['agent', 'manager'])).to.equal(false);
    expect(mustReconnect(['webserver'])).to.equal(false);
  });
});
