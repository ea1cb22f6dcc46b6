import { AppProxy } from '../clients/web/app-proxy.ts';
import type { Holding, Kind } from './holding.ts';

/** What the app proxy keeps for sessions and model services, in its own database. */
export const PROXY: readonly Kind[] = [
  {
    what: 'circuits of the app proxy',
    find: proxyRows(
      `SELECT coalesce(app, 'of endpoint ' || endpoint_id) || ' on port ' || coalesce(port::text, subdomain) AS name,
              created_at AS at FROM circuits`,
    ),
  },
  {
    what: 'endpoints of the app proxy',
    find: proxyRows('SELECT id::text AS name, created_at AS at FROM endpoints'),
  },
  {
    // A worker without free slots refuses applications, whether or not circuits use them.
    what: 'slots of app proxy workers in use by no circuit',
    find: proxyRows(
      `SELECT w.authority || ': ' || w.occupied_slots || ' in use, ' || count(c.id) || ' circuits' AS name, now() AS at
         FROM workers w LEFT JOIN circuits c ON c.worker = w.id
        GROUP BY w.id HAVING w.occupied_slots > count(c.id)`,
    ),
  },
];

function proxyRows(sql: string): Kind['find'] {
  return async ({ connection }) => {
    const { database } = new AppProxy(connection);
    try {
      return await database.rows<Holding>(sql);
    } finally {
      await database.close();
    }
  };
}
