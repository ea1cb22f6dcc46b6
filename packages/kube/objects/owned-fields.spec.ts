import { expect } from 'chai';
import { owned, ownedStatus, sameJson } from './owned-fields.ts';

describe('the part of a status that a manager owns', () => {
  const status = {
    verdict: 'Passed',
    observedGeneration: 2,
    tests: [{ name: 'a' }],
    conditions: [
      { type: 'Ready', status: 'True', reason: 'Fine' },
      { type: 'Other', status: 'False' },
    ],
    counts: { passed: 1, total: 2 },
    nothing: [],
  };

  it('is cut out along fields, list keys and atomic values', () => {
    const part = owned(status, {
      'f:verdict': {},
      'f:tests': {},
      'f:counts': { '.': {}, 'f:passed': {} },
      'f:conditions': {
        '.': {},
        'k:{"type":"Ready"}': { '.': {}, 'f:type': {}, 'f:status': {} },
      },
    });
    expect(part).to.deep.equal({
      verdict: 'Passed',
      tests: [{ name: 'a' }],
      counts: { passed: 1 },
      conditions: [{ type: 'Ready', status: 'True' }],
    });
  });

  it('is found by manager, operation and subresource', () => {
    const entry = {
      manager: 'me',
      operation: 'Apply',
      subresource: 'status',
      fieldsV1: { 'f:status': { 'f:verdict': {} } },
    };
    const object = {
      metadata: { name: 'x', managedFields: [{ ...entry, manager: 'other' }, entry] },
      status,
    };
    expect(ownedStatus(object, 'me')).to.deep.equal({ verdict: 'Passed' });
    expect(ownedStatus(object, 'nobody')).to.equal(undefined);
    expect(
      ownedStatus(
        { ...object, metadata: { name: 'x', managedFields: [{ ...entry, operation: 'Update' }] } },
        'me',
      ),
    ).to.equal(undefined);
  });

  it('compares without regard to undefined members and the order of fields', () => {
    expect(sameJson({ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2], d: undefined }, a: 1 })).to.equal(true);
    expect(sameJson({ a: [1, 2] }, { a: [2, 1] })).to.equal(false);
    expect(sameJson({ a: [] }, { a: {} })).to.equal(false);
    expect(sameJson({ a: null }, { a: undefined })).to.equal(false);
    expect(sameJson(undefined, {})).to.equal(false);
  });
});
