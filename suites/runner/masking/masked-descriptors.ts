import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** Files that are the outputs of this process under another name. */
const STDOUT = ['/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'];
const STDERR = ['/dev/stderr', '/dev/fd/2', '/proc/self/fd/2'];
/** Functions of node:fs that write whole contents to a path or a descriptor. */
const WHOLE = ['writeFileSync', 'appendFileSync', 'writeFile', 'appendFile'] as const;

type Call = (...args: unknown[]) => unknown;

/**
 * From now on, writes of node:fs to the descriptors 1 and 2 go through process.stdout and process.stderr. So their mask applies.
 * Loggers write that way: it is faster. Both outputs must have been used before.
 */
export function maskDescriptors(): void {
  // The casts: the functions have overloads, and each passes on what it was given.
  const all = fs as unknown as Record<string, Call>;
  const replace = (name: string, instead: (output: NodeJS.WriteStream, args: unknown[]) => unknown): void => {
    const original = all[name];
    if (!original) return;
    const masked: Call = (...args) => {
      const output = outputOf(args[0]);
      return output ? instead(output, args) : Reflect.apply(original, fs, args);
    };
    // util.promisify looks for properties of the original.
    all[name] = Object.defineProperties(masked, Object.getOwnPropertyDescriptors(original));
  };
  replace('writeSync', (output, [, data, ...rest]) => written(output, part(data, rest)));
  replace('writevSync', (output, [, parts]) => written(output, Buffer.concat(parts as Uint8Array[])));
  replace('write', (output, [, data, ...rest]) => {
    const bytes = written(output, part(data, rest));
    later(rest, null, bytes, data);
  });
  replace('writev', (output, [, parts, ...rest]) => {
    const bytes = written(output, Buffer.concat(parts as Uint8Array[]));
    later(rest, null, bytes, parts);
  });
  for (const name of WHOLE) {
    replace(name, (output, [, data, ...rest]) => {
      written(output, part(data, []));
      later(rest, null);
    });
  }
  syncBuiltinESMExports();
}

/** The output that a descriptor or a path stands for; undefined for any other. */
function outputOf(target: unknown): NodeJS.WriteStream | undefined {
  if (target === 1 || STDOUT.includes(String(target))) return process.stdout;
  return target === 2 || STDERR.includes(String(target)) ? process.stderr : undefined;
}

/** The bytes that a call of write means: a text with its encoding, or a part of a buffer. */
function part(data: unknown, rest: readonly unknown[]): Buffer {
  if (!ArrayBuffer.isView(data)) {
    const encoding = typeof rest[1] === 'string' ? (rest[1] as BufferEncoding) : 'utf8';
    return Buffer.from(String(data), encoding);
  }
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const [first] = rest;
  const options: { offset?: unknown; length?: unknown } =
    typeof first === 'object' && first !== null ? first : { offset: first, length: rest[1] };
  const offset = typeof options.offset === 'number' ? options.offset : 0;
  const length = typeof options.length === 'number' ? options.length : bytes.length - offset;
  return bytes.subarray(offset, offset + length);
}

function written(output: NodeJS.WriteStream, bytes: Buffer): number {
  output.write(bytes);
  return bytes.length;
}

/** Calls back as the function of node:fs does. Those that return at once have no callback. */
function later(rest: readonly unknown[], ...results: unknown[]): void {
  const callback = rest.at(-1);
  if (typeof callback === 'function') setImmediate(callback as (...args: unknown[]) => void, ...results);
}
