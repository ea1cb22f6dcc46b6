/** An exported function or class, at the start of a line. */
const EXPORTED = /^export (?:default )?(?:abstract )?(?:async )?(?:function\*?|class) (\w+)/;

/** Something exported that does not say what it is for. */
export interface Undocumented {
  /** Line of the file, from 1. */
  line: number;
  name: string;
}

/** Exported functions and classes of a TypeScript text without a docstring right above them. Pure. */
export function undocumented(source: string): Undocumented[] {
  const lines = source.split('\n');
  return lines.flatMap((line, index) => {
    const name = EXPORTED.exec(line)?.[1];
    if (name === undefined || lines[index - 1]?.trimEnd().endsWith('*/')) return [];
    return [{ line: index + 1, name }];
  });
}
