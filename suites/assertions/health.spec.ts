import { expect } from 'chai';
import { type Check, type Health, NEEDS, reading } from './health.ts';
import { ROUNDS } from './health-matrix.ts';

const check = (service_group: string, component_id: string, is_healthy: boolean, second: number): Check => ({
  service_group,
  component_id,
  is_healthy,
  last_checked_at: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`,
  error_message: is_healthy ? null : 'timeout',
});
const health = (...checks: Check[]): Health => ({
  status: 'ok',
  version: '26.9.6',
  component: 'manager',
  connectivity: { overall_healthy: true, connectivity_checks: checks },
});

describe('what components need', () => {
  it('has no component that would be healthy without anything', () => {
    const vital = Object.entries(NEEDS).map(([component, needs]) => [component, needs.vital.join()]);
    expect(vital).to.deep.equal([
      ['manager', 'etcd,redis'],
      ['agent', 'etcd,container,redis'],
      ['storage-proxy', 'etcd,redis'],
      ['webserver', 'redis'],
      ['appproxy-coordinator', 'redis'],
      ['appproxy-worker', 'redis'],
    ]);
  });

  it('is taken away from each component, every need at least once', () => {
    const squares = ROUNDS.flatMap((round) => round.squares);
    const taken = new Set(squares.map(({ component, need }) => `${component} ${need}`));
    const needed = Object.entries(NEEDS).flatMap(([component, { vital, ready }]) =>
      [...vital, ...ready].map((need) => `${component} ${need}`),
    );
    expect([...taken]).to.have.members(needed);
  });
});

describe('what a component says of its health', () => {
  it('is ill in what any part of it is ill in, and each thing is named once', () => {
    const look = reading(
      503,
      503,
      health(
        check('redis', 'live', true, 1),
        check('redis', 'stat', false, 1),
        check('etcd', 'etcd', true, 1),
      ),
    );
    expect(look).to.include({ livez: 503, readyz: 503 });
    expect(look.ill).to.deep.equal(['redis']);
    expect(look.known).to.deep.equal(['etcd', 'redis']);
  });

  it('does not know what was left out', () => {
    expect(reading(200, 200, health(check('redis', 'live', true, 1))).known).to.not.include('etcd');
  });

  it('is as old as the latest of its checks', () => {
    const { lookedAt } = reading(
      200,
      200,
      health(check('redis', 'live', true, 5), check('etcd', 'etcd', true, 7)),
    );
    expect(lookedAt.toISOString()).to.equal('2026-01-01T00:00:07.000Z');
  });

  it('has a check time of 1970 when it reports no check', () => {
    const { lookedAt, known } = reading(200, 200, health());
    expect(known).to.deep.equal([]);
    expect(lookedAt.toISOString()).to.equal('1970-01-01T00:00:00.000Z');
  });
});
