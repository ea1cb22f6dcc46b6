/** A named check of readiness: undefined when fine, else why not. */
export type Check = () => string | undefined;

export interface HealthOptions {
  /** TCP port; 0 takes a free one. */
  port: number;
  /** Default all addresses. */
  host?: string;
  /** The body of /metrics and its content type. */
  metrics?: { contentType: string; metrics(): Promise<string> };
}

/** HTTP server for probes and metrics: /healthz (the process answers and no liveness check fails), /readyz, /metrics. */
export class HealthServer {
  constructor(_options: HealthOptions) {
    throw new Error('not written yet');
  }

  addReadyCheck(_name: string, _check: Check): void {
    throw new Error('not written yet');
  }

  addLiveCheck(_name: string, _check: Check): void {
    throw new Error('not written yet');
  }

  /** Listens; resolves to the port. */
  start(): Promise<number> {
    throw new Error('not written yet');
  }

  stop(): Promise<void> {
    throw new Error('not written yet');
  }
}
