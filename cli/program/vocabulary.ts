/** A thing that users can set. It has one name wherever they set it. */
export interface Setting {
  /**
   * The name in camelCase. From it follow the flag (--deployment-namespace), the variable of make (DEPLOYMENT_NAMESPACE) and
   * the environment variable (E2E_DEPLOYMENT_NAMESPACE).
   */
  name: string;
  /** Commands of `e2e` that have the flag. */
  commands: readonly string[];
  /** Commands of ./tools/dev that have the flag. */
  developers?: readonly string[];
  /** Whether make passes it on. */
  make: boolean;
  /** Path of the field of TestRun.spec that it sets, where there is one. The chart has it below schedule.run. */
  field?: string;
  /** Why the field has another name. */
  because?: string;
  /** The variable of make, where it does not follow from the name. */
  variable?: string;
  /** Older name, which still works as a hidden flag and as a variable of make. */
  older?: string;
}

/** Every setting that has a variable, or a field of a run. The Makefile, the commands and the schema are checked against it. */
export const VOCABULARY = [
  {
    name: 'suites',
    commands: ['kind', 'dev', 'matrix', 'bisect', 'staging', 'run'],
    make: true,
    field: 'suites',
    older: 'suite',
  },
  {
    name: 'grep',
    commands: ['kind', 'dev', 'matrix', 'bisect', 'staging', 'run'],
    make: true,
    field: 'grep',
  },
  { name: 'rounds', commands: ['kind'], make: true, field: 'rounds' },
  {
    name: 'parallelism',
    commands: ['kind', 'dev', 'matrix', 'bisect', 'staging', 'run'],
    make: true,
    field: 'parallelism',
    older: 'parallel',
  },
  {
    name: 'timeout',
    commands: ['kind', 'matrix', 'bisect', 'staging', 'attach', 'run'],
    make: true,
    field: 'timeoutSeconds',
    because: 'a field has its unit in its name',
  },
  {
    name: 'noSlow',
    commands: ['kind', 'matrix', 'bisect', 'staging', 'run'],
    make: true,
    field: 'suites.includeSlow',
    because: 'a flag switches off what is the default',
  },
  { name: 'retries', commands: ['run'], make: false, field: 'retryPolicy.retries' },
  { name: 'failFast', commands: ['run'], make: false, field: 'failFast' },
  {
    name: 'environment',
    commands: ['run'],
    make: false,
    field: 'environmentRef',
    because: 'a field that names an object ends in Ref; further names go to moreEnvironmentRefs',
  },
  { name: 'environments', commands: ['kind'], make: true },
  { name: 'backendAi', commands: ['kind', 'dev', 'up', 'images'], make: true, variable: 'BACKENDAI' },
  { name: 'upgradeTo', commands: ['kind'], make: true },
  { name: 'versions', commands: ['matrix'], make: true },
  { name: 'informational', commands: ['matrix'], make: true },
  { name: 'keep', commands: ['kind', 'staging', 'attach'], make: true },
  { name: 'reuse', commands: ['kind', 'bisect'], make: true },
  { name: 'shuffle', commands: ['kind'], make: true },
  { name: 'killOperator', commands: ['kind'], make: true },
  { name: 'dryRun', commands: ['kind', 'matrix', 'bisect', 'staging'], make: true },
  { name: 'kubeconfig', commands: ['staging', 'attach'], make: true },
  { name: 'context', commands: ['staging', 'attach'], make: true },
  { name: 'deploymentNamespace', commands: ['staging'], make: true, older: 'namespace' },
  { name: 'testNamespace', commands: ['staging', 'attach'], make: true },
  { name: 'registry', commands: ['staging', 'images-push'], make: true },
  { name: 'operatorImage', commands: ['staging'], make: true },
  { name: 'suitesImage', commands: ['staging'], make: true },
  { name: 'runtimeImage', commands: ['staging'], make: true },
  { name: 'pullSecret', commands: ['staging'], make: true },
  { name: 'secret', commands: ['staging'], make: true },
  { name: 'connectionFile', commands: ['staging'], make: true, older: 'connection' },
  { name: 'operatorValues', commands: ['staging'], make: true },
  { name: 'patience', commands: ['staging', 'attach'], make: true },
  { name: 'noAudit', commands: ['staging'], make: true },
  { name: 'allowInvasive', commands: ['staging'], make: true },
  { name: 'insecure', commands: ['images-push'], make: true },
  { name: 'all', commands: ['images-push'], make: true },
  { name: 'minutes', commands: [], developers: ['soak'], make: true },
  { name: 'rows', commands: [], developers: ['bench', 'backtest'], make: true },
  { name: 'pair', commands: [], developers: ['backtest'], make: true },
  { name: 'series', commands: [], developers: ['backtest'], make: true },
] as const satisfies readonly Setting[];

export type SettingName = (typeof VOCABULARY)[number]['name'];

/** "--deployment-namespace" for "deploymentNamespace". */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** "DEPLOYMENT_NAMESPACE" for "deploymentNamespace": the variable of make. */
export function makeVariable(name: string): string {
  const settings: readonly Setting[] = VOCABULARY;
  const own = settings.find((setting) => setting.name === name)?.variable;
  return own ?? flagOf(name).slice(2).replaceAll('-', '_').toUpperCase();
}

/** "E2E_DEPLOYMENT_NAMESPACE" for "deploymentNamespace": the environment variable. */
export function environmentVariable(name: SettingName): string {
  return `E2E_${makeVariable(name)}`;
}
