import { expect } from 'chai';
import { impersonationHeaders } from './impersonation.ts';

describe('impersonation', () => {
  it('sends the user, the UID, each group and each extra field', () => {
    const user = {
      as: 'bob',
      'as-uid': '7',
      'as-groups': ['testers', 'devs'],
      'as-user-extra': { reason: ['test'], 'example.com/Scopes%': ['a', 'b'] },
    };
    expect(impersonationHeaders(user)).to.deep.equal({
      'impersonate-user': 'bob',
      'impersonate-uid': '7',
      'impersonate-group': ['testers', 'devs'],
      'impersonate-extra-reason': ['test'],
      'impersonate-extra-example.com%2Fscopes%25': ['a', 'b'],
    });
  });

  it('sends nothing for a user without impersonation', () => {
    expect(impersonationHeaders({ token: 't' })).to.deep.equal({});
  });

  it('refuses groups without a user, which the API server would ignore', () => {
    expect(() => impersonationHeaders({ 'as-groups': ['testers'] })).to.throw(/set "as" too/);
  });
});
