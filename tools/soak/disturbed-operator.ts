import { setTimeout as delay } from 'node:timers/promises';
import { ShiftedClock } from '../envtest/doubles/shifted-clock.ts';
import type { FaultHarness } from '../envtest/operator/fault-harness.ts';
import type { RunningOperator } from '../envtest/operator/harness.ts';
import {
  type FaultInjectingProxy,
  startFaultInjectingProxy,
  through,
} from '../envtest/proxies/fault-injecting-proxy.ts';
import type { TcpProxy } from '../envtest/proxies/tcp-proxy.ts';
import type { RunningArtifactServer } from '../envtest/servers/artifact-server.ts';
import type { Disturbance } from './result.ts';

/** Milliseconds of an outage. */
const OUTAGE_MS = 2_000;

/** The operator behind a proxy of its own, so that it can end as after SIGKILL. */
interface Living {
  operator: RunningOperator;
  proxy: FaultInjectingProxy;
}

/** The operator, and what goes wrong around it. */
export class DisturbedOperator {
  readonly #faults: FaultHarness;
  readonly #line: TcpProxy;
  readonly #artifacts: RunningArtifactServer['access'];
  readonly #clock = new ShiftedClock();
  #ahead = false;
  #living: Living | undefined;

  /** @param line what the operator reaches the artifact server by */
  constructor(faults: FaultHarness, line: TcpProxy, artifacts: RunningArtifactServer['access']) {
    this.#faults = faults;
    this.#line = line;
    this.#artifacts = artifacts;
  }

  /** Starts an operator. */
  async start(): Promise<void> {
    const { harness } = this.#faults;
    const proxy = await startFaultInjectingProxy(harness.plane);
    const kubeConfig = through(proxy, harness.options().kubeConfig);
    const options = { kubeConfig, clock: this.#clock, artifactServer: this.#artifacts };
    this.#living = { proxy, operator: harness.startOperator({ ...options, faultImage: 'tools:test' }) };
  }

  /** Stops the operator. */
  async stop(): Promise<void> {
    await this.#living?.operator.stop();
    await this.#living?.proxy.stop();
  }

  /** Lets something go wrong. An outage of the artifact server lasts until {@link clear}; everything else has passed. */
  async cause(disturbance: Disturbance): Promise<void> {
    const { plane } = this.#faults.harness;
    const { proxy } = this.#living ?? {};
    switch (disturbance) {
      case 'kill':
        return this.#kill();
      case 'refusals':
        if (proxy) proxy.rule = () => ({ code: 503, retryAfterSeconds: 1 });
        await delay(OUTAGE_MS);
        if (proxy) proxy.rule = () => undefined;
        return;
      case 'cut watches':
        proxy?.cut();
        return;
      case 'etcd stops':
        return plane.pauseEtcd(OUTAGE_MS);
      case 'API server restarts':
        await plane.stopApiServer();
        return plane.startApiServer();
      case 'no artifacts':
        this.#line.refuse();
        return;
      case 'clock':
        // An hour ahead, and back again the next time.
        this.#ahead = !this.#ahead;
        this.#clock.move(this.#ahead ? 1 : -1);
        return;
      case 'fault':
      case 'calm':
        return;
    }
  }

  /** Ends an outage of the artifact server. */
  clear(): void {
    this.#line.allow();
  }

  /** As SIGKILL: the operator says nothing more to the API server. Another one takes over. */
  async #kill(): Promise<void> {
    const old = this.#living;
    old?.proxy.blockAll();
    await this.start();
    // It cannot give its lease back, which is an error.
    await old?.operator.stop().catch(() => undefined);
    await old?.proxy.stop();
  }
}
