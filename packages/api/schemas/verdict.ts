import { Type } from 'typebox';
import { VERDICTS } from '../constants/verdict.ts';

export const VerdictSchema = Type.Enum([...VERDICTS], { description: 'Verdict: how it ended.' });

/** Number of tests in each state. `total` counts every planned test, also those that did not run. */
export const Counts = Type.Object(
  {
    total: Type.Integer({ minimum: 0, description: 'Number of planned tests.' }),
    passed: Type.Integer({ minimum: 0, description: 'Number of tests that passed.' }),
    failed: Type.Integer({ minimum: 0, description: 'Number of tests that failed.' }),
    pending: Type.Integer({ minimum: 0, description: 'Number of tests that the suite skipped.' }),
    interrupted: Type.Integer({ minimum: 0, description: 'Number of tests that did not report an end.' }),
    inconclusive: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Number of tests that could not observe what they check.' }),
    ),
    knownIssue: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Number of tests that failed as a known issue says.' }),
    ),
  },
  { description: 'Number of tests in each state.' },
);
