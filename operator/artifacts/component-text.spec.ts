import { expect } from 'chai';
import { type ContainerText, componentTraces, linesUntil, shareOf } from './component-text.ts';

const line = (second: number, text: string) => `2026-01-01T00:00:0${second}.123456789Z ${text}\n`;

function container(rest: Partial<ContainerText>): ContainerText {
  return {
    component: 'manager',
    pod: 'manager-a',
    container: 'main',
    previous: false,
    text: 'said\n',
    omittedBytes: 0,
    ...rest,
  };
}

describe('linesUntil', () => {
  const log = `${line(1, 'one')}${line(2, 'two')}of two\n${line(3, 'three')}of three\n`;

  it('keeps lines up to that second, with the lines that belong to the last one', () => {
    expect(linesUntil(log, new Date('2026-01-01T00:00:02.900Z'))).to.equal(
      `${line(1, 'one')}${line(2, 'two')}of two\n`,
    );
  });

  it('keeps all lines when none is later, and none when all are', () => {
    expect(linesUntil(log, new Date('2026-01-01T00:00:09Z'))).to.equal(log);
    expect(linesUntil(log, new Date('2026-01-01T00:00:00Z'))).to.equal('');
  });

  it('compares timestamps across time zones', () => {
    const there = '2026-01-01T09:00:05.1+09:00 five\n';
    expect(linesUntil(there, new Date('2026-01-01T00:00:05Z'))).to.equal(there);
    expect(linesUntil(there, new Date('2026-01-01T00:00:04Z'))).to.equal('');
  });
});

describe('shareOf', () => {
  it('gives each container its maximum until the total limit is reached', () => {
    expect([shareOf(100, 30, 2), shareOf(100, 30, 4), shareOf(100, 30, 0)]).to.deep.equal([30, 25, 30]);
  });
});

describe('componentTraces', () => {
  it('puts the containers of a component into one text, each under its name', () => {
    const { traces } = componentTraces(
      [
        container({ text: 'a\n' }),
        container({ pod: 'manager-b', text: 'b', previous: true }),
        container({ component: 'Agent_1', pod: 'agent-0', text: 'c\n' }),
        container({ component: 'mute', text: '' }),
      ],
      100,
    );
    expect(traces).to.deep.equal([
      { name: 'component-agent-1.log', text: '── agent-0/main\nc\n', omittedBytes: 0 },
      {
        name: 'component-manager.log',
        text: '── manager-a/main\na\n\n── manager-b/main before its restart\nb\n',
        omittedBytes: 0,
      },
    ]);
  });

  it('states in the text, and counts, what it omits of each container', () => {
    const long = container({ text: `${'x'.repeat(50)}\nthe end\n`, omittedBytes: 7 });
    const { traces } = componentTraces([long, container({ pod: 'short', text: 'ok\n' })], 10);
    expect(traces[0]?.omittedBytes).to.equal(58);
    expect(traces[0]?.text).to.equal(
      '── manager-a/main, 58 bytes at least before this are left out\nthe end\n\n── short/main\nok\n',
    );
  });

  it('counts the components for which a report has no room', () => {
    const many = Array.from({ length: 19 }, (_, index) => container({ component: `c${index}` }));
    const { traces, left } = componentTraces(many, 100);
    expect([traces.length, left]).to.deep.equal([17, 2]);
  });
});
