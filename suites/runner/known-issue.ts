import { PATTERNS } from '@backendai-e2e/api/patterns';
import type { Static } from 'typebox';

// Plain JSON Schema, since a suite's pod loads this file. TypeBox derives the types, and its builder need not be loaded.

/** Blanks around a text would stay unseen, and would match no title and no error. */
const Words = {
  type: 'string',
  pattern: '^\\S([\\s\\S]*\\S)?$',
  description: 'a text without blanks around it',
} as const;
const Release = {
  type: 'string',
  pattern: PATTERNS.release,
  description: "a release such as '26.9.6'",
} as const;

/** A test that is known to fail, and how. */
const ListedTest = {
  type: 'object',
  properties: {
    file: Words,
    title: Words,
    /**
     * Text that the first line of the error must contain. The requests and the stack below it would match unrelated failures.
     * A test with another error fails.
     */
    symptom: Words,
    /** The test fails only sometimes (a race), so it may also pass. */
    intermittent: { const: true, description: 'true or left out' },
  },
  required: ['file', 'title', 'symptom'],
  additionalProperties: false,
} as const;
export type ListedTest = Static<typeof ListedTest>;

/** How often the intermittent tests of an entry may fail as listed. Each test counts once in each attempt. */
const Budget = {
  type: 'object',
  properties: {
    /** Maximum number of failures among the last `of` tests. */
    most: { type: 'integer', minimum: 1, description: 'a whole number from 1' },
    of: { type: 'integer', minimum: 2, description: 'a whole number from 2' },
    /** The measured rate: how many of how many, where and when. */
    measured: Words,
  },
  required: ['most', 'of', 'measured'],
  additionalProperties: false,
} as const;
export type Budget = Static<typeof Budget>;

/** Something that Backend.AI does wrong, and the tests that show it. */
export const KnownIssue = {
  type: 'object',
  properties: {
    /** What is wrong, in one sentence. */
    issue: Words,
    /** The first release with it. */
    since: Release,
    /** The last release with it. */
    until: Release,
    /** The first release without it. The entry holds for all before. Not together with `until`. */
    fixedIn: Release,
    /** The cause in the sources of Backend.AI, or an observation. */
    evidence: Words,
    /** Issues and pull requests of lablup/backend.ai. */
    upstream: {
      type: 'string',
      pattern: '^(none found|#\\d+(, #\\d+)*)$',
      description: '"none found", or numbers such as "#10751, #14323"',
    },
    /** How much harm it does. It decides how soon the entry expires. */
    severity: { enum: ['high', 'medium', 'low'], description: 'one of high, medium, low' },
    /** Required if a test is intermittent. */
    budget: Budget,
    /** The people who extend or remove the entry. */
    owner: Words,
    /** Last day on which the entry holds, YYYY-MM-DD (UTC). */
    expires: { type: 'string', format: 'date', description: 'a day such as 2027-02-28' },
    tests: { type: 'array', items: ListedTest, description: 'a list of tests' },
  },
  required: ['issue', 'evidence', 'owner', 'expires', 'tests'],
  additionalProperties: false,
} as const;
export type KnownIssue = Static<typeof KnownIssue>;
