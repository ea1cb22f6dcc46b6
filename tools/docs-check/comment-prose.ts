import { markdownPassages, type Passage } from './prose.ts';

/** How a language marks comments. */
export type CommentStyle = 'slashes' | 'hashes';

/** `/* … *\/` and `//` at the start of a line or after code. A mark inside a string has no blank on both sides. */
const SLASHES = /^[ \t]*\/\*([\s\S]*?)\*\/|^((?:[ \t]*\/\/.*(?:\n|$))+)|(?<=^.*[^\s/*].*[ \t])\/\/ (.*)$/gm;

/** `#` at the start of a line or after code, docstrings of Python, and comments of Helm templates. */
const HASHES =
  /(?<=:[ \t]*\n[ \t]*|(?<![\s\S]))"""([\s\S]*?)"""|^((?:[ \t]*#(?!!).*(?:\n|$))+)|(?<=^[^#\n]*\S[ \t]+)# (.*)$|\{\{-? ?\/\*([\s\S]*?)\*\/ ?-?\}\}/gm;

/** Begins a passage, as the marks of Markdown do: a tag, or an instruction for the linter. */
const TAG = /^(?:@param \S+|@\w+|(?=biome-ignore))\s*/;

/**
 * The comments of a source text as passages. A comment is read as Markdown: its paragraphs and list items are passages
 * of their own. So are each tag such as `@param`, and each indented line, as in a list of options. Pure.
 */
export function comments(source: string, style: CommentStyle): Passage[] {
  return rawComments(source, style === 'slashes' ? SLASHES : HASHES).flatMap((comment) =>
    markdownPassages(asMarkdown(comment.text)).map((passage) => ({
      line: comment.line + passage.line - 1,
      text: passage.text,
    })),
  );
}

function rawComments(source: string, pattern: RegExp): Passage[] {
  return [...source.matchAll(pattern)].map((match) => ({
    line: source.slice(0, match.index).split('\n').length,
    text: match.slice(1).find((group) => group !== undefined) ?? '',
  }));
}

function asMarkdown(comment: string): string {
  const marked = comment.split('\n');
  const lines = marked.map((line) => line.replace(/^\s*(?:\*+|\/\/|#+)/, ''));
  // Without a mark on each line, as in a docstring, the first line has another indent than the others.
  const others = /^\s*[*/#]/.test(marked[1] ?? '') ? lines : lines.slice(1);
  const margin = Math.min(...others.filter((line) => line.trim() !== '').map(indentOf));
  let inList = false;
  let wasIndented = false;
  return lines
    .map((line, index) => {
      const text = line.trim().replace(/\{@link [^}]*\}/g, '`X`');
      const indented = index > 0 && indentOf(line) >= margin + 2;
      inList = /^(?:[-*+]|\d+\.)\s/.test(text) || (inList && indented);
      const begins = TAG.test(text) || (!inList && (indented || wasIndented));
      wasIndented = indented;
      return begins && text !== '' ? `- ${text.replace(TAG, '')}` : text;
    })
    .join('\n');
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
