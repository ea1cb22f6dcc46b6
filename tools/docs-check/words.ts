import { type Passage, sentences, wordCount } from './prose.ts';

/** Words of the longest sentence that a reader takes in at once. */
const MAX_WORDS = 20;

/** One sentence that breaks a rule. */
export interface Finding {
  line: number;
  message: string;
}

/** Phrases that no native writer would use here, and what to write instead. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\b(no|some|any)body('s)?\b/i, 'name the actor: the user, the operator, another process'],
  [/\banew\b/i, 'write "again"'],
  [/\bfor ever\b/i, 'write "forever" or "without end"'],
  [/\bwhat it takes\b/i, 'name what is needed'],
  [/\b(is|are|was|were|be|been) told\b/i, 'write "learns" or "receives"'],
  [/\btells?\b(?! (\w+ ){0,3}apart)/i, 'write "shows", "reports" or "says"'],
  [/^who (sees|wants|asks|needs|has|uses|installs|proves)\b/i, 'address the reader, or name the user'],
  [/\bsees? red\b/i, 'write "fails"'],
  [/\bin peace\b/i, 'write "undisturbed"'],
  [/\bso many\b/i, 'write "number of"'],
  [/\bsince when\b/i, 'write "the time since" or "creation time"'],
  [/\binside of\b/i, 'write "inside"'],
  [/\bby itself\b/i, 'write "alone" or "automatically"'],
  [/\bstands (in|there|still)\b/i, 'write "is in"'],
];

/** What is wrong with the words of passages, in their order. Pure. */
export function findingsIn(passages: readonly Passage[]): Finding[] {
  return passages.flatMap((passage) => [
    ...sentences(passage.text)
      .filter((sentence) => wordCount(sentence) > MAX_WORDS)
      .map((sentence) => ({
        line: passage.line,
        message: `${wordCount(sentence)} words, at most ${MAX_WORDS}: "${shortened(sentence)}"`,
      })),
    ...phrasesIn(passage),
  ]);
}

function phrasesIn({ line, text }: Passage): Finding[] {
  return BANNED.flatMap(([pattern, instead]) => {
    const [phrase] = pattern.exec(text) ?? [];
    return phrase ? [{ line, message: `"${phrase}": ${instead}` }] : [];
  });
}

function shortened(sentence: string): string {
  return sentence.length > 70 ? `${sentence.slice(0, 70)}…` : sentence;
}
