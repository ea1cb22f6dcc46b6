import { ENVIRONMENT_REASONS, type TestEnvironment } from '@backendai-e2e/api/test-environment';
import { HelmError } from './helm/helm.ts';
import type { Installer } from './installer.ts';

/**
 * Why nothing may be deployed, before anything is. The settings of the operator do not allow it, or the chart does not render.
 * What is installed stays. Throws a HelmError that a retry may cure.
 * @param wanted hash of the installation that the spec asks for
 */
export async function deploymentRefusal(
  installer: Pick<Installer, 'beyondLimits'>,
  environment: TestEnvironment,
  wanted: string,
  signal: AbortSignal,
): Promise<{ reason: string; message: string } | undefined> {
  const { helmFailed, notAllowed } = ENVIRONMENT_REASONS;
  try {
    const beyond = await installer.beyondLimits(environment, wanted, signal);
    if (beyond.length === 0) return undefined;
    const message = `the settings of the operator do not allow ${beyond.join('; ')}. An administrator can allow it in the values "environments" of its chart.`;
    return { reason: notAllowed, message };
  } catch (error) {
    if (!(error instanceof HelmError) || error.transient) throw error;
    return { reason: helmFailed, message: error.message };
  }
}
