/** One command line of a guide. */
export interface ShellLine {
  file: string;
  line: number;
  /** The whole line, with pipes and redirections; continued lines in one. */
  text: string;
  /** Words of the first command, without redirections and what follows a pipe or `&&`; $VARIABLES stay as they are. */
  words: string[];
}

/** The command lines of the ```sh blocks of a Markdown text; comments, continued lines and here-documents are understood. Pure. */
export function shellLines(file: string, text: string): ShellLine[] {
  const found: ShellLine[] = [];
  let inside = false;
  let heredoc: string | undefined;
  let joined = '';
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line.startsWith('```')) {
      inside = !inside && /^```(sh|shell|bash|console)$/.test(line);
      continue;
    }
    if (!inside) continue;
    if (heredoc !== undefined) {
      if (line === heredoc) heredoc = undefined;
      continue;
    }
    heredoc = /<<-?\s*'?"?([A-Za-z]+)/.exec(line)?.[1];
    if (line.endsWith('\\')) {
      joined += `${line.slice(0, -1)} `;
      continue;
    }
    const whole = joined + line;
    joined = '';
    for (const words of commandsOf(whole)) found.push({ file, line: index + 1, text: whole, words });
  }
  return found;
}

/** The commands of a line, each as words: split at |, && and ;, without assignments before them and redirections. */
export function commandsOf(line: string): string[][] {
  const commands: string[][] = [[]];
  let word = '';
  let quote = '';
  let started = false;
  const end = (): void => {
    if (started) commands.at(-1)?.push(word);
    word = '';
    started = false;
  };
  for (let index = 0; index < line.length; index += 1) {
    const sign = line.charAt(index);
    if (quote) {
      if (sign === quote) quote = '';
      else word += sign;
    } else if (sign === "'" || sign === '"') {
      quote = sign;
      started = true;
    } else if (sign === '#' && !started) {
      break;
    } else if ('|;&'.includes(sign)) {
      end();
      commands.push([]);
    } else if (/\s/.test(sign)) {
      end();
    } else {
      word += sign;
      started = true;
    }
  }
  end();
  return commands
    .map((words) => withoutRedirections(words))
    .map((words) => words.slice(words.findIndex((one) => !/^[A-Z_][A-Z0-9_]*=/.test(one))))
    .filter((words) => words.length > 0 && words[0] !== '' && !/^[A-Z_][A-Z0-9_]*=/.test(words[0] ?? ''));
}

function withoutRedirections(words: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (/^\d?(>>?|<<?-?)$/.test(word)) index += 1;
    else if (!/^\d?(>>?|<<)/.test(word)) kept.push(word);
  }
  return kept;
}
