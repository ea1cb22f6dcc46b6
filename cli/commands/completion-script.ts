import type { Command } from 'commander';

/** Shells for which `e2e completion` prints a script. */
export type Shell = 'bash' | 'zsh' | 'fish';

/** What can be typed after a command. */
export interface CommandWords {
  name: string;
  description: string;
  /** With what may follow each: undefined for nothing, [] for anything. */
  options: { flags: string[]; description: string; values: readonly string[] | undefined }[];
  /** Its own commands, and values of its arguments. */
  words: readonly string[];
}

/** Words of every command that is not hidden. `suites`: values of --suites and of suite arguments. */
export function wordsOf(program: Command, suites: readonly string[]): CommandWords[] {
  return program.commands
    .filter((command) => !('_hidden' in command && command._hidden === true))
    .map((command) => ({
      name: command.name(),
      description: command.description(),
      options: [
        ...command.options
          .filter((option) => !option.hidden)
          .map((option) => ({
            flags: [option.short, option.long].filter((flag) => flag !== undefined),
            description: option.description,
            values:
              option.long === '--suites'
                ? suites
                : (option.argChoices ?? (option.required || option.optional ? [] : undefined)),
          })),
        { flags: ['-h', '--help'], description: 'help', values: undefined },
      ],
      words: [
        ...command.commands.map((inner) => inner.name()),
        ...command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
      ],
    }));
}

/** A completion script for `e2e`, `./e2e` and the plugin's name. Pure. */
export function completionScript(commands: readonly CommandWords[], shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      // zsh understands the completions of bash.
      return `autoload -U +X compinit && compinit -u\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`;
    case 'fish':
      return fish(commands);
  }
}

function bash(commands: readonly CommandWords[]): string {
  const cases = commands.map(({ name, options, words }) => {
    const flags = options.flatMap((option) => option.flags);
    return `    ${name}) words=${quoted([...flags, ...words].join(' '))} ;;`;
  });
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap((option) =>
      option.values && option.values.length > 0
        ? [
            `    ${option.flags.map((flag) => `${name}:${flag}`).join('|')}) words=${quoted(option.values.join(' '))} ;;`,
          ]
        : option.values
          ? [`    ${option.flags.map((flag) => `${name}:${flag}`).join('|')}) words= files=1 ;;`]
          : [],
    ),
  );
  return `# Completion of e2e for bash.
_e2e() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= word words= files=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) command=$word; break ;; esac
  done
  case $command in
    '') words=${quoted(commands.map(({ name }) => name).join(' '))} ;;
${cases.join('\n')}
  esac
  case $command:$before in
${values.join('\n')}
  esac
  COMPREPLY=()
  if [ -n "$files" ]; then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
  else
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$current")
  fi
}
complete -F _e2e e2e ./e2e kubectl-e2e
`;
}

function fish(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ name, description, options, words }) => {
    const seen = `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c e2e -f -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
      ...options.map((option) => {
        const flags = option.flags.map((flag) =>
          flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
        );
        const values =
          option.values === undefined
            ? ''
            : option.values.length > 0
              ? ` -x -a ${quoted(option.values.join(' '))}`
              : ' -r';
        return `complete -c e2e ${seen} ${flags.join(' ')}${values} -d ${quoted(option.description)}`;
      }),
      ...(words.length > 0 ? [`complete -c e2e -f ${seen} -a ${quoted(words.join(' '))}`] : []),
    ];
  });
  return `# Completion of e2e for fish.\n${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
