import type { Secrets } from '@backendai-e2e/redaction/redaction';

/** What is written to: process.stdout, process.stderr, or a stand-in in a test. */
interface Output {
  write(chunk: Uint8Array | string, ...rest: never[]): boolean;
}

/**
 * From now on everything that this process writes to the outputs goes through the mask, whoever writes it: suites and
 * libraries print by themselves. Texts are masked chunk by chunk, as they come.
 */
export function maskOutputs(secrets: Secrets, outputs: readonly Output[]): void {
  for (const output of outputs) {
    const write = output.write.bind(output);
    output.write = (chunk, ...rest) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      const masked = secrets.mask(text);
      // Bytes that are no text pass as they are.
      return write(masked === text ? chunk : masked, ...rest);
    };
  }
}
