import type { Secrets } from '@backendai-e2e/redaction/redaction';

/** An output: process.stdout, process.stderr, or a test double. */
interface Output {
  write(chunk: Uint8Array | string, ...rest: never[]): boolean;
}

/**
 * Masks everything that this process writes to the outputs from now on, including the output of suites and libraries.
 * It masks each written chunk separately.
 *
 * Returns, for each output, what writes whole lines to it past the mask. It also works while a test has replaced
 * `write`, and it ends an open line of a test first. The caller masks what suites wrote.
 */
export function maskOutputs(secrets: Secrets, outputs: readonly Output[]): ((lines: string) => void)[] {
  return outputs.map((output) => {
    const write = output.write.bind(output);
    let open = false;
    output.write = (chunk, ...rest) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      if (text !== '') open = !text.endsWith('\n');
      const masked = secrets.mask(text);
      // Binary data is written unchanged.
      return write(masked === text ? chunk : masked, ...rest);
    };
    return (lines) => {
      write(open ? `\n${lines}` : lines);
      open = false;
    };
  });
}
