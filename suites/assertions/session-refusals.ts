import { inRange } from '@backendai-e2e/api/release';
import type { Refusal } from './refusal.ts';

/** The first release that checks rights before it looks for a session. It also names the kind of what is missing. */
const RIGHTS_FIRST = { since: '26.9.0' };

/** How a release refuses a session name that its user has no session of. @param version the connection's */
export function noSessionOfThatName(version: string): Refusal {
  return {
    status: 404,
    kind: inRange(version, RIGHTS_FIRST) ? 'entity-not-found' : 'object-not-found',
    msg: 'Session',
  };
}

/**
 * How a release refuses the id of a session that is unknown or belongs to another user.
 * @param version the connection's
 */
export function notYourSession(version: string, id: string): Refusal {
  return inRange(version, RIGHTS_FIRST)
    ? { status: 403, kind: 'not-enough-permission', msg: id }
    : { status: 404, kind: 'object-not-found', msg: id };
}

/** How a release refuses the dependencies of such a session. Earlier ones do not name it. @param version the connection's */
export function notYourDependencies(version: string, id: string): Refusal {
  const refusal = notYourSession(version, id);
  return inRange(version, RIGHTS_FIRST) ? refusal : { ...refusal, msg: 'session not found' };
}

/** How a release refuses a project that does not exist. @param version the connection's */
export function noSuchProject(version: string, project: string): Refusal {
  return inRange(version, RIGHTS_FIRST)
    ? { status: 404, kind: 'entity-not-found' }
    : { status: 400, kind: 'invalid-api-params', msg: project };
}
