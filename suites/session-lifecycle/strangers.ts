import { expect } from 'chai';
import { expectRefusal } from '../assertions/refusal.ts';
import { notYourDependencies, notYourSession } from '../assertions/session-refusals.ts';
import type { ApiRequest } from '../clients/http/api.ts';
import { START_SECONDS } from '../clients/manager/session-watch.ts';
import { type RunningSession, useWorld } from '../fixtures/world.ts';

/** Everything that the API offers for one session, with requests that its owner may send (registry.py of the session API). */
const WAYS: readonly [what: string, action: string, request: Omit<ApiRequest, 'path'>][] = [
  ['its details', '', { method: 'GET' }],
  ['its logs', '/logs', { method: 'GET' }],
  ['its address', '/direct-access-info', { method: 'GET' }],
  ['its files', '/files', { method: 'GET', query: { path: '.' } }],
  ['one of its files', '/download_single', { method: 'POST', query: { file: '.bashrc' } }],
  ['its history', '/status-history', { method: 'GET' }],
  ['its dependencies', '/dependency-graph', { method: 'GET' }],
  ['the state of its commit', '/commit', { method: 'GET' }],
  ['an execution', '', { method: 'POST', json: { mode: 'query', run_id: 'x', code: '1', options: {} } }],
  ['a completion', '/complete', { method: 'POST', json: { code: 'im', options: {} } }],
  ['an interrupt', '/interrupt', { method: 'POST' }],
  ['another name', '/rename', { method: 'POST', json: { name: 'e2e-taken-over' } }],
  ['the end of an application', '/shutdown-service', { method: 'POST', query: { service_name: 'ttyd' } }],
  ['its end', '', { method: 'DELETE' }],
  ['an image of it', '/commit', { method: 'POST', json: {} }],
];

describe('a session of another user of the project', function () {
  this.timeout(60_000);
  const world = useWorld(['manager', 'postgres', 'agent', 'observer']);
  let session: RunningSession;

  before('a session runs', async function () {
    this.timeout((START_SECONDS + 10) * 1000);
    session = await world().startSession(world().afterSuite);
  });

  for (const [what, action, request] of WAYS) {
    it(`refuses ${what}`, async () => {
      const { user2, connection } = world();
      const asked = user2.api.request({ ...request, path: `/session/${session.id}${action}` });
      const refusal = action === '/dependency-graph' ? notYourDependencies : notYourSession;
      await expectRefusal(asked, refusal(connection.version, session.id));
    });
  }

  it('refuses an upload', async () => {
    const { user2, connection } = world();
    const asked = user2.sessions.upload(session.id, { 'planted.txt': 'planted' });
    await expectRefusal(asked, notYourSession(connection.version, session.id));
  });

  it('is as it was afterwards', async () => {
    const row = await world().database.session(session.id);
    expect(row).to.include({ name: session.name, status: 'RUNNING' });
  });
});
