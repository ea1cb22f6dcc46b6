import { Type } from 'typebox';

const text = Type.String({ minLength: 1 });
const url = Type.String({ pattern: '^https?://' });
const port = Type.Integer({ minimum: 1, maximum: 65535 });

export const AccountSchema = Type.Object({ email: text, password: text, accessKey: text, secretKey: text });

/** One agent. observerUrl serves read-only requests to its Docker engine (charts/backend-ai, agent.observer). */
export const AgentEndpointSchema = Type.Object({
  id: text,
  httpUrl: url,
  observerUrl: Type.Optional(url),
  observerToken: Type.Optional(text),
});

/** The content of connection.json. Further properties are allowed: a newer chart may give more. */
export const ConnectionSchema = Type.Object({
  /** Namespace of the deployment, for messages. */
  namespace: text,
  /** Version of Backend.AI, for example "26.9.6". For a deployment of the operator: that of the manager's installed packages. */
  version: text,
  /** Commit of the checkout whose sources are installed, and whether it was edited. Absent for published packages. */
  commit: Type.Optional(text),
  modified: Type.Optional(Type.Boolean()),
  /** Domain, project and scaling group of the accounts. */
  domain: text,
  project: text,
  scalingGroup: text,
  manager: Type.Object({ url, internalUrl: url }),
  webserver: Type.Object({ url }),
  storageProxy: Type.Object({
    clientUrl: url,
    managerUrl: url,
    internalUrl: url,
    managerSecret: text,
    /** Signs tokens of transfers. Not known for every deployment. */
    sessionSecret: Type.Optional(text),
    volume: text,
  }),
  appProxy: Type.Object({ coordinatorUrl: url, workerUrl: url, apiSecret: text }),
  postgres: Type.Object({
    host: text,
    port,
    user: text,
    password: text,
    database: text,
    appproxyDatabase: text,
  }),
  /** The password is empty where Valkey asks for none. */
  valkey: Type.Object({ host: text, port, password: Type.String() }),
  etcd: Type.Object({ endpoints: Type.Array(url, { minItems: 1 }), namespace: text }),
  registry: Type.Object({
    url,
    name: text,
    project: text,
    kernelImage: text,
    /** A registry with the same images that needs a password. Not every deployment has one. */
    guarded: Type.Optional(Type.Object({ url, name: text, username: text, password: text })),
  }),
  s3: Type.Object({ endpoint: url, region: text, accessKey: text, secretKey: text, bucket: text }),
  agents: Type.Array(AgentEndpointSchema),
  accounts: Type.Object({ admin: AccountSchema, user: AccountSchema, user2: AccountSchema }),
});
