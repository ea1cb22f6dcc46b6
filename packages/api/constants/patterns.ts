/** Shapes of strings, as regular expressions of JavaScript and of CRDs. */
export const PATTERNS = {
  /** DNS label (RFC 1123): lower-case letters, digits and dashes, with a letter or digit at both ends. */
  dnsLabel: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  /** Suite file relative to suites/, without extension, for example "session-lifecycle/create-session". */
  suiteFile: '^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*$',
  /** Release of Backend.AI, for example "26.9.6". */
  release: '^[0-9]+\\.[0-9]+\\.[0-9]+$',
} as const;
