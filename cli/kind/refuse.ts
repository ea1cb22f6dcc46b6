import { compareReleases } from '@backendai-e2e/api/release';
import type { TestEnvironment } from '@backendai-e2e/api/test-environment';
import type { Finding } from '../machine/doctor.ts';
import { NAMES } from './names.ts';

/** A finding with its remedy on one line: "docker: found (27.5)". */
export function findingLine(finding: Finding): string {
  const remedy = finding.remedy ? `; ${finding.remedy}` : '';
  return `${finding.name}: ${finding.state}${finding.detail ? ` (${finding.detail})` : ''}${remedy}`;
}

/** Throws an Error with a line for each thing that the machine lacks. */
export function refuseMissing(findings: readonly Finding[]): void {
  const missing = findings.filter((finding) => finding.state === 'missing');
  if (missing.length === 0) return;
  throw new Error(
    `this machine cannot run the suites:\n${missing.map((one) => `  ${findingLine(one)}`).join('\n')}`,
  );
}

/**
 * Throws an Error where an environment holds a later release than the one wanted. Database migrations only go forward.
 * @param wanted version of the manager that is to be deployed
 */
export function refuseOlderRelease(environments: readonly TestEnvironment[], wanted: string): void {
  for (const { metadata, status } of environments) {
    const installed = status?.components?.find(({ name }) => name === 'manager')?.version;
    if (installed === undefined || compareReleases(wanted, installed) >= 0) continue;
    throw new Error(
      `environment ${metadata.name} has the database of Backend.AI ${installed}, which ${wanted} cannot use: ` +
        'begin with a new cluster (make down, then without REUSE=1)',
    );
  }
}

/** Throws an Error for a cluster that exists without --reuse, or for --reuse without a cluster. */
export function refuseWrongCluster(options: { upOnly?: boolean; reuse: boolean }, wasThere: boolean): void {
  if (options.upOnly) return;
  if (wasThere && !options.reuse) {
    throw new Error(
      `the cluster ${NAMES.cluster} already exists: use it with REUSE=1 (--reuse), or remove it with make down`,
    );
  }
  if (!wasThere && options.reuse) {
    throw new Error(`there is no kept cluster ${NAMES.cluster}: create one with make e2e-kind KEEP=1`);
  }
}
