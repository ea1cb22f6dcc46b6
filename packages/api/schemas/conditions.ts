import { Type } from 'typebox';
import { LENGTHS } from '../constants/lengths.ts';

/** One observation about an object, in the shape of metav1.Condition. */
export const Condition = Type.Object({
  type: Type.String({ maxLength: LENGTHS.conditionType, description: 'PascalCase name of the condition.' }),
  status: Type.Enum(['True', 'False', 'Unknown'], { description: 'Unknown while it is not decided yet.' }),
  reason: Type.String({
    maxLength: LENGTHS.conditionReason,
    description: 'PascalCase word for programs: why the status is what it is.',
  }),
  message: Type.String({
    maxLength: LENGTHS.conditionMessage,
    description: 'Sentence for people: what was seen and what to do.',
  }),
  observedGeneration: Type.Optional(
    Type.Integer({ description: 'metadata.generation that this was observed for.' }),
  ),
  lastTransitionTime: Type.String({
    format: 'date-time',
    description: 'When status last changed, RFC 3339.',
  }),
});

/** The list of conditions of a status: a map keyed by type, so that server-side apply merges by type. */
export const Conditions = Type.Array(Condition, {
  description: 'Observations, one a type.',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
});
