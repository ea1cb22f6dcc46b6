import path from 'node:path';
import { PROJECT_ROOT } from '@backendai-e2e/cli/machine/provision';
import {
  environmentVariable,
  flagOf,
  makeVariable,
  type Setting,
  type SettingName,
  VOCABULARY,
} from '@backendai-e2e/cli/program/vocabulary';

export const SETTINGS_PAGE = path.join(PROJECT_ROOT, 'docs/reference/settings.md');

const HEAD = `# Settings

<!-- Generated from cli/program/vocabulary.ts by "make docs". Do not edit. -->

A setting has the same name in make, in \`./e2e\`, in the environment and in a TestRun. Scheduled runs have the fields below
\`schedule.run\` in the values of \`charts/e2e-operator\`. Older names still work.
`;

/** docs/reference/settings.md: every setting with its names and commands. Pure. */
export function settingsPage(): string {
  const rows = VOCABULARY.map((setting: Setting & { name: SettingName }) => {
    const { name, make, field, commands, developers = [], older } = setting;
    return [
      make ? code(makeVariable(name)) : '',
      code(flagOf(name)),
      make ? code(environmentVariable(name)) : '',
      field ? code(field) : '',
      [...commands, ...developers.map((command) => `./tools/dev ${command}`)].map(code).join(', '),
      older ? [...(make ? [makeVariable(older)] : []), flagOf(older)].map(code).join(', ') : '',
    ];
  });
  const head = ['make', 'flag', 'variable', 'TestRun.spec', 'commands', 'older names'];
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${HEAD}\n${table.join('\n')}\n`;
}

function code(text: string): string {
  return `\`${text}\``;
}
