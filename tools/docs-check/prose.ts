/** A piece of text that people read, and where it begins. */
export interface Passage {
  /** Line of the file, from 1. */
  line: number;
  /** Words alone: code is one word, links are their text, no emphasis. */
  text: string;
}

/** Stands for a piece of code inside a sentence. */
export const CODE = 'X';

/**
 * Paragraphs, list items, headings and table cells of a Markdown text. Fenced blocks, comments and what a test writes
 * between `<!-- name -->` and `<!-- end of name -->` are left out. Pure.
 */
export function markdownPassages(markdown: string): Passage[] {
  const found: Passage[] = [];
  let paragraph: Passage | undefined;
  let fence = false;
  let generated = false;
  const close = (): void => {
    if (paragraph) found.push({ line: paragraph.line, text: plain(paragraph.text) });
    paragraph = undefined;
  };
  for (const [index, raw] of markdown.split('\n').entries()) {
    const line = raw.trim();
    const at = index + 1;
    if (line.startsWith('```')) {
      fence = !fence;
      close();
      continue;
    }
    if (/^<!-- end of /.test(line)) generated = false;
    else if (/^<!-- [a-z-]+(:| -->)/.test(line)) generated = true;
    if (fence || generated || line.startsWith('<!--') || line === '') {
      close();
    } else if (line.startsWith('|')) {
      close();
      for (const cell of cells(line)) found.push({ line: at, text: plain(cell) });
    } else if (/^(#+|[-*+]|\d+\.|>)\s/.test(line)) {
      close();
      paragraph = { line: at, text: line.replace(/^(#+|[-*+]|\d+\.|>)\s+/, '') };
      if (line.startsWith('#')) close();
    } else if (paragraph) {
      paragraph.text += ` ${line}`;
    } else {
      paragraph = { line: at, text: line };
    }
  }
  close();
  return found.filter(({ text }) => /[A-Za-z]{2}/.test(text));
}

/** Titles of `describe` and `it` in a TypeScript text; what a template puts in is one word. Pure. */
export function testTitles(source: string): Passage[] {
  const call =
    /\b(?:describe|it)(?:\.\w+)?\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/g;
  return [...source.matchAll(call)].map((match) => {
    const title = match[1] ?? match[2] ?? match[3] ?? '';
    const line = source.slice(0, match.index).split('\n').length;
    return { line, text: plain(title.replace(/\$\{[^}]*\}/g, CODE).replace(/\\(.)/g, '$1')) };
  });
}

/** Every value of the keys in a YAML text, also one that is folded over several lines. Pure. */
export function yamlValues(yaml: string, keys: readonly string[]): Passage[] {
  const lines = yaml.split('\n');
  const entry = new RegExp(`^(\\s*(?:- )?)(?:${keys.join('|')}): ?(.*)$`);
  return lines.flatMap((line, index) => {
    const [, indent = '', first = ''] = entry.exec(line) ?? [];
    if (!first) return [];
    const rest: string[] = [];
    for (const next of lines.slice(index + 1)) {
      if (!next.startsWith(`${' '.repeat(indent.length)}  `)) break;
      rest.push(next.trim());
    }
    const text = [/^[>|]-?$/.test(first) ? '' : first, ...rest].join(' ').replace(/^["']|["']$/g, '');
    return [{ line: index + 1, text: plain(text) }];
  });
}

/** The sentences of a text. An abbreviation, a version number and a file name end none. Pure. */
export function sentences(text: string): string[] {
  return text
    .replace(/\b(e\.g|i\.e|etc|vs)\./g, '$1')
    .split(/(?<=[.!?][)"”’]?)\s+(?=["“(]?[A-Z0-9X])/)
    .map((one) => one.trim())
    .filter(Boolean);
}

/** Words of a sentence: what holds a letter or a digit between spaces. Pure. */
export function wordCount(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** Text without marks of Markdown: code is one word, a link is its text. Pure. */
export function plain(text: string): string {
  return text
    .replace(/`[^`]*`/g, CODE)
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\*\*|__|<br>/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function cells(row: string): string[] {
  return row
    .replace(/`[^`]*`/g, CODE)
    .replace(/\\\|/g, '/')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
