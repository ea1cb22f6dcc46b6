import { createLog, type Log } from '@backendai-e2e/controller/log';

/** A log for tests: silent, unless E2E_TEST_LOG names a level. */
export function quietLog(): Log {
  return createLog({ name: 'test', level: process.env.E2E_TEST_LOG || 'silent' });
}
