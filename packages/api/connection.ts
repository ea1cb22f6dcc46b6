import type { Static } from 'typebox';
import type * as schemas from './schemas/connection.ts';

/**
 * The connection of a suite to a deployment: the content of connection.json. The chart backend-ai creates it; for a deployment
 * that already runs, a user does. Everything in it is secret: never print it or write it to a status.
 */
export type Connection = Static<typeof schemas.ConnectionSchema>;

/** One agent of a connection. */
export type AgentEndpoint = Static<typeof schemas.AgentEndpointSchema>;

/** One user of a connection: what signs in at the web server, and what signs requests. */
export type Account = Static<typeof schemas.AccountSchema>;
