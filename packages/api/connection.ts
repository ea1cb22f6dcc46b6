/**
 * The connection of a suite to a deployment: the content of connection.json. The chart backend-ai creates it; for a deployment
 * that already runs, a user does. Everything in it is secret: never print it or write it to a status.
 */
export interface Connection {
  /** Namespace of the deployment, for messages. */
  namespace: string;
  /** Version of Backend.AI, for example "26.9.6". For a deployment of the operator: that of the manager's installed packages. */
  version: string;
  /** Commit of the checkout whose sources are installed, and whether it was edited. Absent for published packages. */
  commit?: string;
  modified?: boolean;
  /** Domain, project and scaling group of the accounts. */
  domain: string;
  project: string;
  scalingGroup: string;
  manager: { url: string; internalUrl: string };
  webserver: { url: string };
  storageProxy: {
    clientUrl: string;
    managerUrl: string;
    internalUrl: string;
    managerSecret: string;
    /** Signs tokens of transfers. Not known for every deployment. */
    sessionSecret?: string;
    volume: string;
  };
  appProxy: { coordinatorUrl: string; workerUrl: string; apiSecret: string };
  postgres: {
    host: string;
    port: number;
    user: string;
    password: string;
    database: string;
    appproxyDatabase: string;
  };
  valkey: { host: string; port: number; password: string };
  etcd: { endpoints: string[]; namespace: string };
  registry: {
    url: string;
    name: string;
    project: string;
    kernelImage: string;
    /** A registry with the same images that needs a password. Not every deployment has one. */
    guarded?: { url: string; name: string; username: string; password: string };
  };
  s3: { endpoint: string; region: string; accessKey: string; secretKey: string; bucket: string };
  agents: AgentEndpoint[];
  accounts: { admin: Account; user: Account; user2: Account };
}

/** One agent. observerUrl serves read-only requests to its Docker engine (charts/backend-ai, agent.observer). */
export interface AgentEndpoint {
  id: string;
  httpUrl: string;
  observerUrl?: string;
  observerToken?: string;
}

export interface Account {
  email: string;
  password: string;
  accessKey: string;
  secretKey: string;
}
