/** Longest values of strings, characters. The schemas enforce them; who writes such a string cuts it to them. */
export const LENGTHS = {
  /** Name of a suite, run, environment or Fault: leaves room for suffixes in a 63-character label or DNS label. */
  name: 48,
  /** A label value, or a DNS label, of Kubernetes (RFC 1123). */
  label: 63,
  /** Name of a Kubernetes object that is a DNS subdomain (RFC 1123). */
  objectName: 253,
  /** Suite file relative to suites/, without extension. */
  suiteFile: 200,
  /** Regular expression that chooses tests. */
  grep: 512,
  /** Full title of a test. */
  title: 1024,
  /** PascalCase word that goes with a verdict. */
  reason: 256,
  /** Sentence in a status that has many of them: the line of a suite, a component, a receipt. */
  message: 1024,
  /** Sentence in a status that has few of them, or many of them next to one another. */
  shortMessage: 256,
  /** Sentence about a whole attempt, or about the environments of a run. */
  longMessage: 4096,
  /** Sentence that sums up a run or an environment in a condition: what the status's byte budget leaves for it. */
  summary: 8192,
  /** Name of an artifact. */
  artifactName: 80,
  /** Type, reason and message of a condition, as in metav1.Condition. */
  conditionType: 316,
  conditionReason: 1024,
  conditionMessage: 32_768,
} as const;
