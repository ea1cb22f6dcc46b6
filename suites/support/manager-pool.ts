/** Connections that a manager keeps to its database, and may open in addition: pool-size, max-overflow in charts/backend-ai. */
export const POOL = { kept: 8, more: 64 };
