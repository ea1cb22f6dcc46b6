/** The API server or the credentials cannot be told from what was given. The message says what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
