import type { Fault, FaultReceipt } from '@backendai-e2e/api/fault';
import type { Pod } from '@backendai-e2e/kube/builtin-resources';
import { expect } from 'chai';
import type { TargetSeen } from './observe.ts';
import { stepInPod } from './pod-step.ts';
import type { ReceiptLine, ToolEvent } from './receipt-lines.ts';
import type { Timing } from './timing.ts';
import { type ToolSeen, toolsIn } from './tool-state.ts';
import { type Tool, toolContainerName } from './tools.ts';

const ACCEPTED = new Date('2030-01-01T00:00:00Z');
const receipt: FaultReceipt = { pod: 'web-1', uid: 'u1', container: 'main', containerId: 'old' };
const pod: Pod = { metadata: { name: 'web-1', uid: 'u1' } };

const at = (seconds: number) => new Date(ACCEPTED.getTime() + seconds * 1000);
const timing = (seconds: number, changes: Partial<Timing> = {}): Timing => ({
  now: at(seconds),
  acceptedAt: ACCEPTED,
  wantsHealing: false,
  seconds: 30,
  ...changes,
});
const line = (seconds: number, event: ToolEvent, evidence: string = event): ReceiptLine => ({
  at: at(seconds).toISOString(),
  event,
  evidence,
});
const tool = (name: Tool, state: ToolSeen['state'], lines: ToolSeen['lines'], round = 1): ToolSeen => ({
  tool: name,
  round,
  name: `${name}-${round}`,
  state,
  lines,
});
const seen = (...tools: ToolSeen[]): TargetSeen => ({ pod, tools });
const injected = [line(1, 'injected'), line(2, 'inForce', 'all stopped')];

describe('a fault inside a pod', () => {
  it('starts its tool with an end and a last time to inject', () => {
    const step = stepInPod('pause', receipt, seen(), timing(0));
    expect(step.call).to.deep.include({ tool: 'pause', round: 1, seconds: 30, notAfter: at(120) });
    expect(step.receipt.injectedAt).to.equal(undefined);
  });

  it('does nothing after its last time to inject or when it must heal', () => {
    for (const when of [timing(121), timing(1, { wantsHealing: true })]) {
      const step = stepInPod('pause', receipt, seen(), when);
      expect(step.call).to.equal(undefined);
      expect(step.receipt.seenHealedAt).to.equal(when.now.toISOString());
      expect(step.receipt.healedEvidence).to.match(/nothing was done/);
    }
  });

  it('takes times and evidence from the tool while it lasts', () => {
    const step = stepInPod('pause', receipt, seen(tool('pause', 'running', injected)), timing(5));
    expect(step.call).to.equal(undefined);
    expect(step.receipt).to.deep.include({
      injectedAt: at(1).toISOString(),
      seenInForceAt: at(2).toISOString(),
      inForceEvidence: 'all stopped',
    });
    expect(step.receipt.seenHealedAt).to.equal(undefined);
  });

  it('heals early by a second tool, one at a time', () => {
    const running = tool('pause', 'running', injected);
    const early = timing(5, { wantsHealing: true });
    expect(stepInPod('pause', receipt, seen(running), early).call).to.deep.include({
      tool: 'resume',
      round: 1,
    });
    const mending = seen(running, tool('resume', 'waiting', []));
    expect(stepInPod('pause', receipt, mending, early).call).to.equal(undefined);
    const mended = tool('resume', 'ended', [line(6, 'healed'), line(7, 'seenHealed', 'all run')]);
    const after = stepInPod('pause', receipt, seen(running, mended), early).receipt;
    expect(after).to.deep.include({ seenHealedAt: at(7).toISOString(), healedEvidence: 'all run' });
  });

  it('is not healed before its injection, which could still follow', () => {
    const early = timing(5, { wantsHealing: true });
    for (const starting of [tool('pause', 'waiting', []), tool('pause', 'running', [])]) {
      const step = stepInPod('pause', receipt, seen(starting), early);
      expect(step.call).to.equal(undefined);
      expect(step.receipt.seenHealedAt).to.equal(undefined);
    }
  });

  it('is healed when its tool crashed, with a limited number of retries', () => {
    const dead = tool('pause', 'ended', injected);
    expect(stepInPod('pause', receipt, seen(dead), timing(5)).call).to.include({ tool: 'resume', round: 1 });
    const failed = (round: number) => tool('resume', 'ended', [line(6, 'failed', 'no')], round);
    const second = stepInPod('pause', receipt, seen(dead, failed(1)), timing(6));
    expect(second.call).to.include({ tool: 'resume', round: 2 });
    expect(second.receipt.trouble).to.equal('no');
    const last = stepInPod('pause', receipt, seen(dead, failed(1), failed(2), failed(3)), timing(7));
    expect(last.call).to.equal(undefined);
    expect(last.receipt.seenHealedAt).to.equal(undefined);
  });

  it('does not mistake an unreadable log for a tool that did nothing', () => {
    const unread = { ...tool('pause', 'ended', undefined), trouble: 'node does not answer' };
    const step = stepInPod('pause', receipt, seen(unread), timing(5));
    expect(step.call).to.equal(undefined);
    expect(step.receipt).to.deep.include({ trouble: 'node does not answer' });
    expect(step.receipt.seenHealedAt).to.equal(undefined);
  });

  describe('whose container the runtime could not start', () => {
    const fault = { metadata: { name: 'f', uid: '11111111-2222-3333-4444-555555555555' } } as Fault;
    const name = toolContainerName(fault, 'pause', 1);
    const withState = (state: object): Pod => ({
      ...pod,
      spec: { containers: [], ephemeralContainers: [{ name, args: ['pause'] }] },
      status: {
        ephemeralContainerStatuses: [{ name, image: '', imageID: '', ready: false, restartCount: 0, state }],
      },
    });
    const unstarted = (which: Tool, round: number) => tool(which, 'unstarted', [], round);

    it("is recognized by the kubelet's or the runtime's reason, which is reported", () => {
      const message = 'unable to freeze';
      for (const state of [
        { waiting: { reason: 'RunContainerError', message } },
        { terminated: { reason: 'StartError', exitCode: 128, message } },
      ]) {
        const [found] = toolsIn(fault, withState(state));
        expect(found).to.include({ state: 'unstarted', round: 1 });
        expect(found?.trouble).to.match(/Error: unable to freeze$/);
      }
    });

    it('is neither one that may still start nor one that ended', () => {
      const stateOf = (state: object) => toolsIn(fault, withState(state))[0]?.state;
      expect(stateOf({ waiting: { reason: 'CreateContainerError' } })).to.equal('waiting');
      expect(stateOf({ waiting: { reason: 'ContainerCreating' } })).to.equal('waiting');
      expect(stateOf({ terminated: { reason: 'Error', exitCode: 1 } })).to.equal('ended');
    });

    it('starts another one, three times at most, until the last time to inject', () => {
      const upTo = (count: number, when = timing(5)) =>
        stepInPod(
          'pause',
          receipt,
          seen(...[1, 2, 3].slice(0, count).map((round) => unstarted('pause', round))),
          when,
        );
      expect(upTo(1).call).to.deep.include({ tool: 'pause', round: 2, seconds: 30, notAfter: at(120) });
      expect(upTo(2).call).to.deep.include({ tool: 'pause', round: 3 });
      for (const step of [upTo(3), upTo(1, timing(121)), upTo(1, timing(5, { wantsHealing: true }))]) {
        expect(step.call).to.equal(undefined);
        expect(step.receipt.healedEvidence).to.match(/nothing was done/);
      }
    });

    it('follows the one that started', () => {
      const step = stepInPod(
        'pause',
        receipt,
        seen(unstarted('pause', 1), tool('pause', 'running', injected, 2)),
        timing(5),
      );
      expect(step.call).to.equal(undefined);
      expect(step.receipt.seenInForceAt).to.equal(at(2).toISOString());
    });

    it('is healed by another one', () => {
      const step = stepInPod(
        'pause',
        receipt,
        seen(tool('pause', 'running', injected), unstarted('resume', 1)),
        timing(5, { wantsHealing: true }),
      );
      expect(step.call).to.include({ tool: 'resume', round: 2 });
    });

    it('follows peers to new addresses by another one', () => {
      const peers = { addresses: ['10.0.0.2'], ports: [6379], probes: ['10.0.0.2:6379'] };
      const first = { ...tool('partition', 'running', injected), peers: ['10.0.0.1'] };
      const second = { ...unstarted('repartition', 1), peers: ['10.0.0.2'] };
      const before = { ...receipt, peers: ['10.0.0.1', '10.0.0.2'] };
      const step = stepInPod('networkPartition', before, { ...seen(first, second), peers }, timing(5));
      expect(step.call).to.deep.include({ tool: 'repartition', round: 2 });
      expect(step.call?.peers?.addresses).to.deep.equal(['10.0.0.2']);
      expect(step.receipt.peers).to.deep.equal(['10.0.0.1', '10.0.0.2']);
    });
  });

  it('whose pod is gone or was replaced is healed', () => {
    const before = { ...receipt, injectedAt: at(1).toISOString() };
    const step = stepInPod('pause', before, { pod: undefined, tools: [] }, timing(5));
    expect(step.receipt.seenHealedAt).to.equal(at(5).toISOString());
    expect(step.receipt.healedEvidence).to.include('uid u1');
  });

  it('that the kernel refuses reports the reason and did nothing', () => {
    const refusing = tool('partition', 'ended', [line(1, 'refused', 'no nftables here')]);
    const step = stepInPod('networkPartition', receipt, seen(refusing), timing(3));
    expect(step.refusal).to.deep.include({ message: 'no nftables here' });
    expect(step.receipt.injectedAt).to.equal(undefined);
  });

  describe('a partition', () => {
    const peers = { addresses: ['10.0.0.1'], ports: [6379], probes: ['10.0.0.1:6379'] };
    const begun = { ...receipt, peers: ['10.0.0.1'] };
    const running = tool('partition', 'running', injected);

    it('is refused when the other side has no pods', () => {
      const step = stepInPod('networkPartition', receipt, seen(), timing(0));
      expect(step.refusal?.reason).to.equal('NoTargets');
      expect(step.call).to.equal(undefined);
    });

    it('extends to new addresses for the remaining time, and keeps the old ones', () => {
      const moved = { ...peers, addresses: ['10.0.0.2'], probes: ['10.0.0.2:6379'] };
      const now = { ...seen(running), peers: moved };
      const step = stepInPod('networkPartition', begun, now, timing(11));
      expect(step.call).to.deep.include({ tool: 'repartition', round: 1, seconds: 20 });
      expect(step.call?.peers).to.deep.include({ addresses: ['10.0.0.2'], probes: ['10.0.0.2:6379'] });
      expect(step.receipt.peers).to.deep.equal(['10.0.0.1', '10.0.0.2']);
      expect(stepInPod('networkPartition', step.receipt, now, timing(12)).call).to.equal(undefined);
    });

    it('is not repeated by an operator that finds the tool but no receipt', () => {
      const left = { ...running, peers: ['10.0.0.1'] };
      const now = { ...seen(left), peers };
      const step = stepInPod('networkPartition', receipt, now, timing(5));
      expect(step.call).to.equal(undefined);
      expect(step.receipt.peers).to.deep.equal(['10.0.0.1']);
    });

    it('is healed with the current peers, which alone can answer', () => {
      const moved = { ...peers, addresses: ['10.0.0.2'], probes: ['10.0.0.2:6379'] };
      const now = { ...seen(running), peers: moved };
      const step = stepInPod('networkPartition', begun, now, timing(5, { wantsHealing: true }));
      expect(step.call).to.deep.include({ tool: 'mend-partition', peers: moved });
    });
  });

  describe('a kill', () => {
    const killed = seen(tool('kill', 'ended', injected));
    const withContainer = (id: string, ready: boolean): TargetSeen => ({
      ...killed,
      pod: {
        ...pod,
        status: {
          containerStatuses: [
            {
              name: 'main',
              image: '',
              imageID: '',
              containerID: `containerd://${id}`,
              ready,
              restartCount: 1,
              state: { running: { startedAt: at(4).toISOString() } },
            },
          ],
        },
      },
    });

    it('is healed when the container runs under another ID and is ready', () => {
      const healed = (id: string, ready: boolean) =>
        stepInPod('kill', receipt, withContainer(id, ready), timing(9)).receipt.seenHealedAt;
      expect(healed('old', true)).to.equal(undefined);
      expect(healed('new', false)).to.equal(undefined);
      expect(healed('new', true)).to.equal(at(9).toISOString());
    });
  });
});
