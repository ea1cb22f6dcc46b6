import type { Static } from 'typebox';
import type { CustomResource } from './constants/group.ts';
import type * as schemas from './schemas/test-report.ts';

export type TestReportSpec = Static<typeof schemas.TestReportSpec>;
export type ReportedTest = Static<typeof schemas.ReportedTest>;
export type ReportedHook = Static<typeof schemas.ReportedHook>;
export type ReportedWait = Static<typeof schemas.ReportedWait>;
export type DeploymentChange = Static<typeof schemas.DeploymentChange>;
export type Measurement = Static<typeof schemas.Measurement>;

/** Conditions of a TestReport. A condition is absent until it has something to report. */
export const REPORT_CONDITIONS = {
  /** False, with the reason, while the pod of the attempt cannot start. */
  started: 'Started',
  /** Whether the files of the attempt are archived, as status.artifacts lists. If not, the message says what is missing and why. */
  archived: 'Archived',
  /** Whether the operator undid what the attempt left changed in the deployment (status.changes). */
  undone: 'Undone',
} as const;

export type Artifact = Static<typeof schemas.Artifact>;
export type TestReportStatus = Static<typeof schemas.TestReportStatus>;

/** The record of one attempt of a suite. The runner writes its status, and the operator closes it. */
export type TestReport = CustomResource<'TestReport', TestReportSpec, TestReportStatus>;
