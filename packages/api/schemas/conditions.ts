import { Type } from 'typebox';
import { LENGTHS } from '../constants/lengths.ts';

/** A condition of an object, in the shape of metav1.Condition. */
export const Condition = Type.Object({
  type: Type.String({ maxLength: LENGTHS.conditionType, description: 'PascalCase name of the condition.' }),
  status: Type.Enum(['True', 'False', 'Unknown'], {
    description: 'True, False, or Unknown while it is not decided.',
  }),
  reason: Type.String({
    maxLength: LENGTHS.conditionReason,
    description: 'PascalCase reason of the status, for programs.',
  }),
  message: Type.String({
    maxLength: LENGTHS.conditionMessage,
    description: 'What was seen and what to do, for people.',
  }),
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that the condition was observed for.' }),
  ),
  lastTransitionTime: Type.String({
    format: 'date-time',
    description: 'Time of the last change of status, RFC 3339.',
  }),
});

/** The conditions of a status. The map key lets server-side apply merge them by type. */
export const Conditions = Type.Array(Condition, {
  description: 'One condition for each type.',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
});
