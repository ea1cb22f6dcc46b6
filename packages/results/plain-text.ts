import { stripVTControlCharacters } from 'node:util';
import { LENGTHS } from '@backendai-e2e/api/lengths';

/** Control characters and non-characters, most of which XML 1.0 cannot hold, not even escaped. */
const CONTROL = /[\p{Cc}\ufffe\uffff]/gu;
/**
 * Characters that change the direction of the text around them. With them a text can show other words than it has (Unicode
 * Technical Report 36, "Bidirectional Text Spoofing").
 */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** What ends a line, also on terminals and in Markdown. A lone carriage return would let a text overwrite its line. */
const LINE_END = /\r\n?|[\u2028\u2029]/g;

/**
 * The text as every reporter can show it: without terminal colors and other escape sequences. U+FFFD replaces every other control
 * character, and each half of a surrogate pair. It also replaces characters that change the direction of text. Tabs stay; every
 * line ends with a line feed.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text)
    .toWellFormed()
    .replace(LINE_END, '\n')
    .replace(DIRECTION, '\ufffd')
    .replace(CONTROL, (found) => (found === '\t' || found === '\n' ? found : '\ufffd'));
}

/** The text as one printable line: line ends and tabs become blanks. It cannot begin a line that looks like another result. */
export function plainLine(text: string): string {
  return printable(text).replace(/[\n\t]+/g, ' ');
}

/** The text as one printable line that is short enough for a column of `kubectl get`. */
export function columnLine(text: string): string {
  const line = plainLine(text).trim();
  return line.length > LENGTHS.columnText ? `${line.slice(0, LENGTHS.columnText - 1)}…` : line;
}

/** Text in a line or cell of Markdown, without any meaning to it. */
export function markdownCell(text: string): string {
  return htmlText(text).replace(/[\\`*_[\]|~$#@!]/g, (sign) => `\\${sign}`);
}

/** One line of text between the tags of HTML, without any meaning to it. */
export function htmlText(text: string): string {
  return plainLine(text)
    .replace(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}
