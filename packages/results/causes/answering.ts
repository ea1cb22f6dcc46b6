/**
 * Which component of Backend.AI has a path, by the routes of 26.9.6. The storage-proxy has two interfaces. What suites ask an
 * agent is its inspection.
 */
const ROUTES: readonly (readonly [path: RegExp, component: string])[] = [
  [/^\/(func|server)\//, 'webserver'],
  [/^\/(api\/(worker|circuit)|v2\/proxy)(\/|$)/, 'appproxy-coordinator'],
  [
    /^\/(upload|download|download-archive|volumes?|v1\/storages|folder\/(file|mount|usage))(\/|$)/,
    'storage-proxy',
  ],
  [/^\/(containers|images|networks|scratches)(\/|$)/, 'agent'],
  [/^\/(admin|auth|config|events|folders|services|session|v2)(\/|$)/, 'manager'],
];
/** Each component has these. */
const EVERYWHERE = /^\/(health|metrics|status|version)(\/|$)/;

/**
 * The component that answers a request of a test. Other paths are those of applications, which the app proxy's worker forwards.
 * Undefined for a path that several components have. Pure.
 */
export function componentAnswering(path: string): string | undefined {
  if (EVERYWHERE.test(path)) return undefined;
  return ROUTES.find(([route]) => route.test(path))?.[1] ?? 'appproxy-worker';
}

/** Which component the answering one asks for such a request, by the same routes. */
const BEHIND: readonly (readonly [path: RegExp, component: string])[] = [
  [/^\/func\//, 'manager'],
  [/^\/folders(\/|$)/, 'storage-proxy'],
  [/^\/session(\/|$)/, 'agent'],
];

/** The component that the answering one asks before it answers; undefined for a request that it answers alone. Pure. */
export function componentBehind(path: string): string | undefined {
  return BEHIND.find(([route]) => route.test(path))?.[1];
}
