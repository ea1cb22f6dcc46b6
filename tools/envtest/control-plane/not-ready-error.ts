import type { Running } from '../processes/process-group.ts';

/** The message of etcd and kube-apiserver when another process listens on their port. */
const PORT_TAKEN = /address already in use/;

/** A program of the control plane ended early or did not become ready. The message has the end of its log. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  readonly portTaken: boolean;
  constructor(why: string, programs: readonly Running[], cause?: unknown) {
    const logs = programs.map((program) => `The log of ${program.name} ends:\n${program.lastLines()}`);
    super([why, ...logs].join('\n'), { cause });
    this.portTaken = programs.some((program) => program.ended && PORT_TAKEN.test(program.lastLines()));
  }
}
