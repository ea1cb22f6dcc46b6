import { expect } from 'chai';
import {
  noSessionOfThatName,
  noSuchProject,
  notYourDependencies,
  notYourSession,
} from './session-refusals.ts';

describe('refusals of sessions', () => {
  it('are those of the release that is installed', () => {
    expect(noSessionOfThatName('26.8.3').kind).to.equal('object-not-found');
    expect(notYourSession('26.8.3', 'x')).to.include({ status: 404, msg: 'x' });
    expect(notYourDependencies('26.8.3', 'x')).to.include({ status: 404, msg: 'session not found' });
    expect(noSuchProject('26.8.3', 'p')).to.include({ status: 400, msg: 'p' });
    for (const version of ['26.9.0', '26.9.6', '26.10.0.dev0']) {
      expect(noSessionOfThatName(version).kind, version).to.equal('entity-not-found');
      expect(notYourSession(version, 'x').status, version).to.equal(403);
      expect(notYourDependencies(version, 'x'), version).to.deep.equal(notYourSession(version, 'x'));
      expect(noSuchProject(version, 'p').status, version).to.equal(404);
    }
  });
});
