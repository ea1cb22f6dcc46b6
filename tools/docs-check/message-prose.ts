import { CODE, type Passage, plain } from './prose.ts';

/** The literals of one line, and whether the line goes on with "+". */
const LITERAL = /'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`/g;

/** What only code has: an assignment, a type, a pipe, a path, a statement of SQL. */
const PROGRAM = /[={}<>|]|\b(?:SELECT|UPDATE|INSERT|DELETE|FROM|JOIN|CREATE|ALTER)\b/;

/**
 * Texts of a TypeScript source that people read: string literals of at least three words that are no code. Literals that
 * "+" joins across lines are one text; what a template puts in is one word. Texts over several lines are left out. Pure.
 */
export function messages(source: string): Passage[] {
  const found: Passage[] = [];
  let open = false;
  for (const [index, line] of source.split('\n').entries()) {
    if (/^\s*(?:\/\/|\/?\*)/.test(line)) continue;
    const texts = [...withoutInserts(line).matchAll(LITERAL)].map(
      (match) => match[1] ?? match[2] ?? match[3] ?? '',
    );
    const last = found.at(-1);
    if (open && last && texts.length > 0) last.text += texts.shift();
    found.push(...texts.map((text) => ({ line: index + 1, text })));
    open = /['"`] \+$/.test(line);
  }
  return found
    .map(({ line, text }) => ({ line, text: plain(text.replace(/\\n/g, ' ').replace(/\\(.)/g, '$1')) }))
    .filter(({ text }) => text.split(' ').length > 2 && !PROGRAM.test(text));
}

/** Texts between the tags of a TSX source, of at least three words. What braces put in is one word. Pure. */
export function markupTexts(source: string): Passage[] {
  // Newlines stay, so that the lines can be counted.
  const code = source.replace(/\{[^{}]*\}/g, (insert) => ` ${CODE} ${insert.replace(/[^\n]/g, '')}`);
  return [...code.matchAll(/(?<!=)>([^<>{}=;]{8,})(?=<)/g)]
    .map((match) => ({ line: code.slice(0, match.index).split('\n').length, text: plain(match[1] ?? '') }))
    .filter(({ text }) => text.split(' ').length > 2);
}

/** A line whose inserts in templates, also nested ones, are a word. */
function withoutInserts(line: string): string {
  const shorter = line.replace(/\$\{[^{}]*\}/g, CODE);
  return shorter === line ? line : withoutInserts(shorter);
}
