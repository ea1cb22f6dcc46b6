const text = { type: 'string', minLength: 1 };
const texts = { type: 'array', items: text, minItems: 1 };
const oneOrMore = { anyOf: [text, texts] };
/** "2 weeks", "120 minutes", "1h 30m" */
const duration = {
  type: 'string',
  pattern: '^(\\d+ ?(s|m|h|d|sec|min|mins|minutes?|hours?|days?|weeks?|months?|years?)\\.? ?)+$',
};
const variables = {
  type: 'object',
  propertyNames: { pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
  additionalProperties: { type: ['string', 'number', 'boolean'] },
};
const closed = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  required,
  properties,
});

/**
 * The keywords of GitLab's `.gitlab-ci.yml` that our file uses, with their types (https://docs.gitlab.com/ci/yaml/). Others are
 * refused, as GitLab refuses a misspelled key.
 */
export const GITLAB_SCHEMA = {
  type: 'object',
  required: ['stages'],
  properties: { stages: texts },
  additionalProperties: closed(
    {
      stage: text,
      image: text,
      tags: texts,
      timeout: duration,
      variables,
      needs: texts,
      allow_failure: { type: 'boolean' },
      interruptible: { type: 'boolean' },
      before_script: oneOrMore,
      script: oneOrMore,
      after_script: oneOrMore,
      rules: {
        type: 'array',
        minItems: 1,
        items: closed({
          if: text,
          when: { enum: ['on_success', 'on_failure', 'always', 'never', 'manual', 'delayed'] },
          changes: texts,
          allow_failure: { type: 'boolean' },
          variables,
        }),
      },
      cache: closed(
        {
          key: { anyOf: [text, closed({ files: { ...texts, maxItems: 2 }, prefix: text }, ['files'])] },
          paths: texts,
          policy: { enum: ['pull', 'push', 'pull-push'] },
          when: { enum: ['on_success', 'on_failure', 'always'] },
          untracked: { type: 'boolean' },
        },
        ['paths'],
      ),
      artifacts: closed({
        name: text,
        when: { enum: ['on_success', 'on_failure', 'always'] },
        expire_in: duration,
        paths: texts,
        exclude: texts,
        expose_as: text,
        untracked: { type: 'boolean' },
        reports: closed({ annotations: oneOrMore, junit: oneOrMore }),
      }),
    },
    ['stage', 'script'],
  ),
} as const;
