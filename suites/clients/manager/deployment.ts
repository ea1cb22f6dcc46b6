import type { Connection } from '@backendai-e2e/api/connection';
import type { Database } from '../data-stores/database.ts';
import type { Etcd } from '../data-stores/etcd.ts';
import type { Valkey } from '../data-stores/valkey.ts';
import type { BackendAi } from './backend-ai.ts';

/** The clients of one deployment. Functions take the part that they need; a suite passes its World. */
export interface Deployment {
  connection: Connection;
  /** The manager's API in the name of the administrator. */
  admin: BackendAi;
  /** The manager's database, read only. */
  database: Database;
  valkey: Valkey;
  etcd: Etcd;
}
