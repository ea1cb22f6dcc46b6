/** An exported function, class, interface or type, at the start of a line. */
const EXPORTED =
  /^export (?:default )?(?:abstract |declare )?(?:async )?(?:function\*?|class|interface|type|enum) (\w+)/;

/** A type with another name for a schema, a list of values or an object of Kubernetes. That one says what it is for. */
const DERIVED = /^export type \w+ = (?:Static<typeof |\(typeof |keyof typeof |Wire<)/;

/** Something exported that does not say what it is for. */
export interface Undocumented {
  /** Line of the file, from 1. */
  line: number;
  name: string;
}

/** Exported functions, classes, interfaces and types of a TypeScript text without a docstring right above them. Pure. */
export function undocumented(source: string): Undocumented[] {
  const lines = source.split('\n');
  return lines.flatMap((line, index) => {
    const name = EXPORTED.exec(line)?.[1];
    if (name === undefined || DERIVED.test(line) || lines[index - 1]?.trimEnd().endsWith('*/')) return [];
    return [{ line: index + 1, name }];
  });
}
