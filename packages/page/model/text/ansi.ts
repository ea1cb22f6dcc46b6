import { inertText } from './inert.ts';

/** A piece of a line with the classes that color it. */
export interface Piece {
  text: string;
  /** Names of classes, separated by blanks; empty for plain text. */
  style: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the sequences to take out
const SEQUENCE = /\u001b(?:\[([0-9;:]*)([@-~])|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|[@-Z\\-_]?)/g;

interface State {
  color?: string;
  bold?: boolean;
  dim?: boolean;
}

/**
 * Splits a line of a log at its terminal sequences. Colors and weight become classes from a fixed set. Everything else
 * (cursor, titles, links, clipboard) is taken out, and other acting characters show as their code.
 */
export function ansiPieces(line: string): Piece[] {
  const pieces: Piece[] = [];
  let state: State = {};
  let from = 0;
  const add = (text: string) => {
    if (text !== '') pieces.push({ text: inertText(text), style: styleOf(state) });
  };
  for (const match of line.matchAll(SEQUENCE)) {
    add(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[2] === 'm') state = after(state, match[1] ?? '');
  }
  add(line.slice(from));
  return pieces;
}

/** The line without terminal sequences, for searching. */
export function plainText(line: string): string {
  return ansiPieces(line)
    .map(({ text }) => text)
    .join('');
}

function after(before: State, parameters: string): State {
  let state = { ...before };
  const codes = parameters.split(/[;:]/).map(Number);
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index] ?? 0;
    if (code === 38 || code === 48) {
      // A color of another table: 5 has one number after it, 2 has three.
      index += codes[index + 1] === 5 ? 2 : 4;
      continue;
    }
    if (code === 0) state = {};
    else if (code === 1) state.bold = true;
    else if (code === 2) state.dim = true;
    else if (code === 22) state = { ...(state.color ? { color: state.color } : {}) };
    else if (code === 39) delete state.color;
    else if (code >= 30 && code <= 37) state.color = `ansi-${code - 30}`;
    else if (code >= 90 && code <= 97) state.color = `ansi-${code - 90}`;
  }
  return state;
}

function styleOf({ color, bold, dim }: State): string {
  return [color, bold && 'ansi-bold', dim && 'ansi-dim'].filter(Boolean).join(' ');
}
