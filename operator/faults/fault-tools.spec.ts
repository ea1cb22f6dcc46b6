import { execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const TOOLS = fileURLToPath(new URL('../../images/fault-tools/', import.meta.url));

/** Runs lines of Bash after the functions of the fault tools, and returns the events that they report. */
function events(lines: string): { event: string; evidence: string }[] {
  const script = [
    'set -uo pipefail',
    ...['receipt', 'partition', 'processes'].map((name) => `. "${TOOLS}${name}.sh"`),
    'until_over() { :; }; direction=both ports= seconds=9 table=t peers=10.0.0.1,10.0.0.2',
    lines,
  ].join('\n');
  const out = execFileSync('bash', ['-c', `(${script}\n); exit 0`], { encoding: 'utf8' });
  return out
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

describe('the receipt of a partition', function () {
  this.timeout(60_000);
  const partition = (before: string, after: string) =>
    events(`
      in_place() { [ -n "\${placed:-}" ]; }
      dropped() { echo 7; }
      nft() { cat >/dev/null; placed=1; }
      probe_all() { if grep -q injected "$log"; then printf "%b" "${after}"; else printf "%b" "${before}"; fi; }
      log=$(mktemp); say() { printf '{"event":"%s","evidence":"%s"}\\n' "$1" "$2" | tee -a "$log"; }
      mend_partition() { :; }
      probes=10.0.0.1:80,10.0.0.2:80
      partition; rm -f "$log"`);

  it('is refused when no peer answered before it', () => {
    const seen = partition('10.0.0.1:80 silent\\n10.0.0.2:80 silent\\n', '10.0.0.1:80 silent\\n');
    expect(seen.map(({ event }) => event)).to.deep.equal(['refused']);
    expect(seen[0]?.evidence).to.include('no peer answers before the partition');
  });

  it('is there when those that answered before are silent', () => {
    const seen = partition('10.0.0.1:80 answered\\n10.0.0.2:80 silent\\n', '10.0.0.1:80 silent\\n');
    expect(seen.map(({ event }) => event)).to.deep.equal(['injected', 'inForce']);
  });

  it('is not there when one of them still answers', () => {
    const seen = partition('10.0.0.1:80 answered\\n', '10.0.0.1:80 answered\\n');
    expect(seen.map(({ event }) => event)).to.deep.equal(['injected', 'notSeen']);
  });
});

describe('the receipt of a pause', function () {
  this.timeout(60_000);
  const processes = Array.from({ length: 2 }, () => spawn('sleep', ['3600']));
  const pids = () => processes.map(({ pid }) => pid).join(' ');
  after(() => {
    for (const child of processes) child.kill('SIGKILL');
  });
  const pause = (more: string) =>
    events(`targets() { printf '%s\\n' ${pids()}; }; ${more}\npause`).map(({ event }) => event);

  it('is there when every process is stopped', () => {
    expect(pause('')).to.deep.equal(['injected', 'inForce', 'healed', 'seenHealed']);
  });

  it('ends with its container, and says so', () => {
    const restarts = `
      container=c0ffee; gone=$(mktemp -u)
      targets() { [ -e "$gone" ] || printf '%s\\n' ${pids()}; }
      until_over() { touch "$gone"; "$1"; }
      pause; rm -f "$gone"; kill -CONT ${pids()}`;
    const seen = events(restarts);
    expect(seen.map(({ event }) => event)).to.deep.equal(['injected', 'inForce', 'healed', 'seenHealed']);
    expect(seen.at(-1)?.evidence).to.match(/^no process of container c0ffee is left .* ended or restarted/);
  });

  it('is not there when one of them runs', () => {
    const one = processes[0]?.pid;
    expect(pause(`kill() { builtin kill "$1" ${one}; }; seq() { echo 1; }`))
      .to.include('notSeen')
      .and.not.to.include('inForce');
  });
});
