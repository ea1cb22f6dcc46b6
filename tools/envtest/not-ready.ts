import type { Running } from './process-group.ts';

/** What etcd and kube-apiserver print of a port that somebody else listens on. */
const PORT_TAKEN = /address already in use/;

/** A program of the control plane ended by itself, or did not become ready. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  readonly portTaken: boolean;
  constructor(why: string, programs: readonly Running[], cause?: unknown) {
    const logs = programs.map((program) => `The log of ${program.name} ends:\n${program.lastLines()}`);
    super([why, ...logs].join('\n'), { cause });
    this.portTaken = programs.some((program) => program.ended && PORT_TAKEN.test(program.lastLines()));
  }
}
