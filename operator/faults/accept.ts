import { FAULT_REASONS, type Fault } from '@backendai-e2e/api/fault';
import { LABELS } from '@backendai-e2e/api/group';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { TestReport } from '@backendai-e2e/api/test-report';
import { environmentOf, type TestRun } from '@backendai-e2e/api/test-run';
import type { TestSuite } from '@backendai-e2e/api/test-suite';
import type { Namespace } from '@backendai-e2e/kube/builtin-resources';
import { isOwn, namespaceOf, ownerInWords } from '../environments/namespace.ts';

/** Why a fault is refused. A refusal is final. */
export interface Refusal {
  /** One of FAULT_REASONS. */
  reason: string;
  /** The cause, and what to do about it. */
  message: string;
}

/** The fault is refused. */
export class FaultRefused extends Error {
  override readonly name = 'FaultRefused';
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** A request for a fault: who asks, and where, from the API server. */
export interface Asked {
  fault: Fault;
  environment: TestEnvironment | undefined;
  /** The namespace that the environment names; undefined: it does not exist, or nothing is deployed. */
  deployedIn: Namespace | undefined;
  /** Report, run and suite of the attempt that the fault's label names. */
  report: TestReport | undefined;
  run: TestRun | undefined;
  suite: TestSuite | undefined;
}

/**
 * The attempt that asks for the fault; undefined for a fault of a person. The chart's admission policy ensures that the
 * account of an attempt can ask only in its own name (charts/e2e-operator/templates/fault-policy.yaml).
 */
export function attemptOf(fault: Fault): string | undefined {
  return fault.metadata.labels?.[LABELS.report];
}

/** Why the fault must be refused; undefined when it is allowed. */
export function refusalOf(asked: Asked): Refusal | undefined {
  const { fault, environment, deployedIn } = asked;
  const { name } = fault.spec.environmentRef;
  if (!environment) {
    const message = `TestEnvironment ${name} does not exist in namespace ${fault.metadata.namespace}`;
    return { reason: FAULT_REASONS.environmentNotFound, message };
  }
  if (environment.metadata.deletionTimestamp) {
    return { reason: FAULT_REASONS.environmentNotFound, message: `TestEnvironment ${name} is being deleted` };
  }
  if (environment.spec.disruption !== 'Allowed') {
    const message = `TestEnvironment ${name} forbids disruption: to allow faults in it, set spec.disruption to Allowed`;
    return { reason: FAULT_REASONS.disruptionForbidden, message };
  }
  if (!environment.spec.chart) {
    const message = `TestEnvironment ${name} is external: the operator has no rights in its namespace`;
    return { reason: FAULT_REASONS.unsupported, message };
  }
  const ofAttempt = attemptRefusal(asked);
  if (ofAttempt) return ofAttempt;
  // Only its owner may say whether a deployment may be disrupted.
  if (!deployedIn || !isOwn(deployedIn, environment)) {
    const why = deployedIn
      ? ownerInWords(deployedIn)
      : `this operator sees no namespace ${namespaceOf(environment)}`;
    const message = `TestEnvironment ${name} has no deployment of its own: ${why}`;
    return { reason: FAULT_REASONS.notPermitted, message };
  }
  return undefined;
}

/** Why the attempt that asks may not have the fault; undefined when it may, or when a person asks. */
function attemptRefusal({ fault, report, run, suite }: Asked): Refusal | undefined {
  const attempt = attemptOf(fault);
  if (attempt === undefined) return undefined;
  const { name } = fault.spec.environmentRef;
  const notPermitted = (message: string) => ({ reason: FAULT_REASONS.notPermitted, message });
  if (!report || report.status?.final === true) {
    return notPermitted(`the attempt ${attempt} that asks for it ${report ? 'has ended' : 'does not exist'}`);
  }
  const own = run && environmentOf(run, report.spec);
  if (own !== name) {
    return notPermitted(`the attempt ${attempt} runs in ${own}, not in ${name}`);
  }
  if (suite?.spec.disruptive !== true) {
    return notPermitted(`TestSuite ${report.spec.suite} is not marked as disruptive: set spec.disruptive`);
  }
  return undefined;
}
