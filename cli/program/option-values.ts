import { InvalidArgumentError } from 'commander';

/**
 * Parser for a whole number from `least` to `most` as the value of an option. An empty text means that the option was
 * not given (see ignoreEmptyOptions).
 */
export function wholeNumber(least: number, most?: number): (text: string) => number | undefined {
  return (text) => {
    if (text === '') return undefined;
    const number = Number(text);
    if (!Number.isInteger(number) || number < least || number > (most ?? number) || text.trim() === '') {
      const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
      throw new InvalidArgumentError(`Give a whole number ${range}.`);
    }
    return number;
  };
}

/** Parser for a text; an empty one means that the option was not given. */
export function text(value: string): string | undefined {
  return value === '' ? undefined : value;
}

/** Whether an environment variable that make passes on means yes: anything but "", "0", "no" and "false". */
export function isYes(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'no', 'false'].includes(value.toLowerCase());
}

/** The options without those that are undefined: so that a default of the command applies. */
export function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
