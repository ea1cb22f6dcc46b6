import { InvalidArgumentError } from 'commander';

/** What `tools/dev sources-selftest` proves, in this order. */
export const PROOFS = ['wheels', 'checkout', 'loop', 'bisect'] as const;
export type Proof = (typeof PROOFS)[number];

/** Reads a comma list of proofs. @throws InvalidArgumentError for another name */
export function proofsOf(text: string): Proof[] {
  return text.split(',').map((part) => {
    const proof = PROOFS.find((one) => one === part.trim());
    if (proof !== undefined) return proof;
    throw new InvalidArgumentError(`There is no proof "${part.trim()}": choose among ${PROOFS.join(', ')}.`);
  });
}
