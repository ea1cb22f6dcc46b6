import { expect } from 'chai';
import { type CatalogEntry, parseCatalog } from './catalog.ts';
import { listing, suitesNamed, UnknownSuites, withLast } from './chosen-suites.ts';

const catalog: CatalogEntry[] = [
  { name: 'session-create', area: 'session', files: ['session/create'], description: 'Creates.' },
  { name: 'session-long', area: 'session', files: ['session/long'], slow: true },
  { name: 'bench-one', area: 'bench', files: ['bench/one'], onDemand: true },
];

describe('choosing suites', () => {
  it('leaves the choice to the operator by default', () => {
    for (const nothing of [undefined, '', ' , ']) expect(suitesNamed(nothing, catalog)).to.equal(undefined);
  });

  it('accepts names, files and areas, and includes each suite once', () => {
    expect(suitesNamed('session-create', catalog)).to.deep.equal(['session-create']);
    expect(suitesNamed('session/long', catalog)).to.deep.equal(['session-long']);
    expect(suitesNamed('session, session-create', catalog)).to.deep.equal(['session-create', 'session-long']);
  });

  it('leaves slow suites out of an area when asked to, but not when they are named', () => {
    expect(suitesNamed('session', catalog, false)).to.deep.equal(['session-create']);
    expect(suitesNamed('session-long', catalog, false)).to.deep.equal(['session-long']);
  });

  it('leaves a suite on demand out of its area, unless the area has no other', () => {
    const more = [
      ...catalog,
      { name: 'session-rare', area: 'session', files: ['session/rare'], onDemand: true },
    ];
    expect(suitesNamed('session', more)).to.deep.equal(['session-create', 'session-long']);
    expect(suitesNamed('session-rare', more)).to.deep.equal(['session-rare']);
    expect(suitesNamed('bench', more)).to.deep.equal(['bench-one']);
  });

  it('adds the suites that run last to every choice except a pattern', () => {
    const more = [...catalog, { name: 'audit', area: 'audit', files: ['audit/all'], last: true }];
    expect(withLast(['session-create'], more, undefined)).to.deep.equal(['session-create', 'audit']);
    expect(withLast(['audit'], more, undefined)).to.deep.equal(['audit']);
    expect(withLast(['session-create'], more, 'x')).to.deep.equal(['session-create']);
    expect(withLast(undefined, more, undefined)).to.equal(undefined);
  });

  it('names the unknown suites and lists the known ones', () => {
    expect(() => suitesNamed('session,nonsense', catalog))
      .to.throw(UnknownSuites)
      .with.property('message')
      .that.contains('"nonsense"')
      .and.contains('session-create: Creates.')
      .and.contains('session-long [slow]')
      .and.contains('bench-one [only when named]');
  });
});

describe('the catalog of suites', () => {
  it('says where an entry is wrong', () => {
    expect(() => parseCatalog('suites:\n  - name: a\n    files: []\n', 'file.yaml')).to.throw(
      /^file\.yaml: \/suites\/0/,
    );
  });

  it('lists suites below their area', () => {
    expect(listing(catalog.slice(0, 1))).to.deep.equal(['  session', '    session-create: Creates.']);
  });
});
