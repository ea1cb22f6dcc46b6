import type { Static } from 'typebox';
import type { CustomResource } from './constants/group.ts';
import type * as schemas from './schemas/test-report.ts';

export type TestReportSpec = Static<typeof schemas.TestReportSpec>;
export type ReportedTest = Static<typeof schemas.ReportedTest>;
export type Measurement = Static<typeof schemas.Measurement>;

/** Conditions of a TestReport; only there when there is something to say. */
export const REPORT_CONDITIONS = {
  /** False with the reason while the pod of the attempt cannot start. */
  started: 'Started',
  /** Whether what the attempt left behind is kept, as status.artifacts lists; else what is not, and why. */
  archived: 'Archived',
} as const;

export type Artifact = Static<typeof schemas.Artifact>;
export type TestReportStatus = Static<typeof schemas.TestReportStatus>;
export type TestReport = CustomResource<'TestReport', TestReportSpec, TestReportStatus>;
