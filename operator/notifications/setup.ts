import { TEST_RUNS, TEST_SUITES } from '@backendai-e2e/api/resources';
import { isFinished } from '@backendai-e2e/api/test-run';
import type { NamespaceScope } from '@backendai-e2e/controller/namespace-scope';
import { type NotificationDependencies, NotificationReconciler } from './reconciler.ts';

/** The operator's settings about notifications. */
export interface NotificationOptions {
  /** Secret with the webhook, in the namespace of the runs; undefined: no notifications are sent. */
  secret: string | undefined;
  /** Pauses after failed deliveries; a test sets shorter ones. */
  backoff: NotificationDependencies['backoff'] | undefined;
}

/** Sends a notification about what each finished run changed. */
export function setup(scope: NamespaceScope, { secret, backoff }: NotificationOptions): void {
  if (secret === undefined) return;
  const { namespace, client, clock, events } = scope;
  const reconciler = new NotificationReconciler({
    client,
    clock,
    runs: scope.informer(TEST_RUNS),
    suites: scope.informer(TEST_SUITES),
    events,
    secret,
    ...(backoff ? { backoff } : {}),
  });
  scope
    .controller('notification')
    .watches(TEST_RUNS, ({ type, object }) =>
      type !== 'deleted' && isFinished(object) ? [{ namespace, name: object.spec.environmentRef.name }] : [],
    )
    .complete(reconciler.reconcile);
}
