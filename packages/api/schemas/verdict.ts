import { Type } from 'typebox';
import { VERDICTS } from '../constants/verdict.ts';

export const VerdictSchema = Type.Enum([...VERDICTS], { description: 'How it ended.' });

/** Tests by state. total counts every test that was planned, also those that never ran. */
export const Counts = Type.Object(
  {
    total: Type.Integer({ minimum: 0, description: 'Tests planned.' }),
    passed: Type.Integer({ minimum: 0, description: 'Tests that passed.' }),
    failed: Type.Integer({ minimum: 0, description: 'Tests that failed.' }),
    pending: Type.Integer({ minimum: 0, description: 'Tests skipped by the suite itself.' }),
    interrupted: Type.Integer({ minimum: 0, description: 'Tests that never reported an end.' }),
    inconclusive: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Tests that could not see what they claim.' }),
    ),
    knownIssue: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Tests that failed as listed in the known issues.' }),
    ),
  },
  { description: 'Tests by state.' },
);
