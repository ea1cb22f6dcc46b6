/** Maximum lengths of strings in characters. The schemas enforce them, and the programs cut their strings to them. */
export const LENGTHS = {
  /** Name of a suite, run, environment or Fault. It leaves room for suffixes in a label or DNS label of 63 characters. */
  name: 48,
  /** Label value or DNS label of Kubernetes (RFC 1123). */
  label: 63,
  /** Name of a Kubernetes object that is a DNS subdomain (RFC 1123). */
  objectName: 253,
  /** Suite file relative to suites/, without extension. */
  suiteFile: 200,
  /** Image reference: Docker's 255 for the name, 128 for the tag, and a digest. */
  image: 512,
  /** Quantity of a resource. */
  quantity: 32,
  /** Regular expression that selects tests. */
  grep: 512,
  /** Full title of a test. */
  title: 1024,
  /** PascalCase reason of a verdict. */
  reason: 256,
  /** Message in a status that has many messages: of a suite, a component or a target. */
  message: 1024,
  /** Message that shares a line with others. */
  shortMessage: 256,
  /** Text in a column of `kubectl get`. */
  columnText: 160,
  /** Message about an attempt, or about the environments of a run. */
  longMessage: 4096,
  /** Message that sums up a run or an environment in a condition, within the byte budget of the status. */
  summary: 8192,
  /** Name of an artifact. */
  artifactName: 80,
  /** Key of an artifact: SHA-256, omitted bytes, file name. */
  artifactKey: 161,
  /** Service of an artifact server with its namespace. */
  artifactService: 92,
  /** SHA-256 in hexadecimal. */
  sha256: 64,
  /** Type, reason and message of a condition, as in metav1.Condition. */
  conditionType: 316,
  conditionReason: 1024,
  conditionMessage: 32_768,
} as const;
