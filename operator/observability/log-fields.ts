import { LABELS } from '@backendai-e2e/api/group';
import type { LogFields } from '@backendai-e2e/controller/event-log';
import type { KubeObject } from '@backendai-e2e/kube/object';

/** The log fields that identify an object and what it belongs to: run, suite, attempt, environment. */
export function logFieldsOf(object: KubeObject): LogFields {
  const { kind = '', metadata } = object;
  const { labels = {}, name } = metadata;
  const own = { kind, namespace: metadata.namespace };
  switch (kind) {
    case 'TestRun':
      return { ...own, run: name };
    case 'TestEnvironment':
      return { ...own, environment: name };
    case 'TestReport':
      return {
        ...own,
        report: name,
        run: labels[LABELS.run],
        suite: labels[LABELS.suite],
        attempt: Number(labels[LABELS.attempt]),
      };
    case 'Fault':
      return { ...own, fault: name, report: labels[LABELS.report] };
    default:
      return { ...own, name };
  }
}
