/** The configuration does not lead to an API server or to credentials. The message says what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
