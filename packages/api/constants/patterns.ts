/** Shapes of strings, as regular expressions of JavaScript and of CRDs. */
export const PATTERNS = {
  /** DNS label (RFC 1123): lower-case letters, digits and dashes, with a letter or digit at both ends. */
  dnsLabel: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  /** Suite file relative to suites/, without extension, for example "session-lifecycle/create-session". */
  suiteFile: '^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*$',
  /** Release of Backend.AI, for example "26.9.6". */
  release: '^[0-9]+\\.[0-9]+\\.[0-9]+$',
  /** Name of most objects: DNS subdomain (RFC 1123), at most 253 characters. */
  objectName: '^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$',
  /** Value of a label that is not empty, at most 63 characters. */
  labelValue: '^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$',
  /** File name of an artifact. It begins with a letter or digit, so it is neither hidden nor a parent folder. */
  artifactFile: '^[a-z0-9][-a-z0-9.]{0,79}$',
  /** Key of an artifact: its file name, on the artifact server after "<sha256>.<omitted bytes>.". */
  artifactKey: '^([0-9a-f]{64}[.][0-9]{1,15}[.])?[a-z0-9][-a-z0-9.]{0,79}$',
  /** SHA-256 in hexadecimal. */
  sha256: '^[0-9a-f]{64}$',
  /** Service of an artifact server as <namespace>/<name>:<port>. Only charts/e2e-operator gives a Service this name. */
  artifactService: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/backendai-e2e-artifacts:http$',
  /** Characters of an image reference, with the brackets of an IPv6 registry. Kubernetes leaves the rest to the node. */
  image: '^[a-zA-Z0-9\\[][a-zA-Z0-9._:/@+\\[\\]-]*$',
} as const;
