import type { Secrets } from '@backendai-e2e/redaction/redaction';

/** An output: process.stdout, process.stderr, or a test double. */
interface Output {
  write(chunk: Uint8Array | string, ...rest: never[]): boolean;
}

/**
 * Masks everything that this process writes to the outputs from now on, including the output of suites and libraries.
 * It masks each written chunk separately.
 */
export function maskOutputs(secrets: Secrets, outputs: readonly Output[]): void {
  for (const output of outputs) {
    const write = output.write.bind(output);
    output.write = (chunk, ...rest) => {
      const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
      const masked = secrets.mask(text);
      // Binary data is written unchanged.
      return write(masked === text ? chunk : masked, ...rest);
    };
  }
}
