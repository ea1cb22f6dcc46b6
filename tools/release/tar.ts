/** Bytes of a header, and of what content is padded to: POSIX.1-1988, ustar. */
const BLOCK = 512;
/** Fields of a header: offset and length. */
const NAME = [0, 100] as const;
const SIZE = [124, 12] as const;
const TIME = [136, 12] as const;
const SUM = [148, 8] as const;
const PREFIX = [345, 155] as const;

/** A file of an archive. */
export interface TarEntry {
  /** Path without a first "./" or "/". */
  name: string;
  content: Buffer;
}

/** A header with the name that longer headers before it give, and where its content is. */
interface Header {
  at: number;
  type: string;
  name: string;
  from: number;
  size: number;
}

/** The regular files of an uncompressed tar. Throws an Error for a tar that is cut off. */
export function* filesOf(tar: Buffer): Generator<TarEntry> {
  for (const { type, name, from, size } of headersOf(tar)) {
    if (type !== '0' && type !== '\0') continue;
    yield { name: name.replace(/^\.?\/+/, ''), content: tar.subarray(from, from + size) };
  }
}

/**
 * A copy of a tar in which every entry has this time. Owners, modes, order and contents stay. Equal contents then have equal bytes.
 * @param seconds since 1970
 */
export function withTime(tar: Buffer, seconds: number): Buffer {
  const copy = Buffer.from(tar);
  for (const { at, type, from, size } of headersOf(tar)) {
    copy.write(`${seconds.toString(8).padStart(11, '0')}\0`, at + TIME[0], 'latin1');
    // PAX headers repeat the time, with a fraction. The length of each record is in front of it, so it must stay.
    if (type === 'x' || type === 'g') {
      const records = tar.toString('latin1', from, from + size);
      copy.write(
        records.replace(/(?<= [amc]time=)[\d.]+(?=\n)/g, (time) => sameLength(seconds, time)),
        from,
        'latin1',
      );
    }
    const header = copy.subarray(at, at + BLOCK);
    header.fill(' ', SUM[0], SUM[0] + SUM[1]);
    const sum = header.reduce((all, byte) => all + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, SUM[0], 'latin1');
  }
  return copy;
}

function sameLength(seconds: number, time: string): string {
  const whole = String(seconds);
  if (time.length <= whole.length) return whole.slice(0, time.length);
  return `${whole}.`.padEnd(time.length, '0').slice(0, time.length);
}

function* headersOf(tar: Buffer): Generator<Header> {
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    // Empty blocks end an archive.
    if (header.every((byte) => byte === 0)) return;
    const size = sizeOf(header);
    const from = at + BLOCK;
    if (from + size > tar.length) throw new Error(`the archive is cut off at byte ${tar.length}`);
    const type = header.toString('latin1', 156, 157);
    const prefix = header.toString('latin1', 257, 262) === 'ustar' ? text(header, PREFIX) : '';
    const short = text(header, NAME);
    yield { at, type, name: longName ?? (prefix ? `${prefix}/${short}` : short), from, size };
    if (type === 'x')
      longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(tar.toString('utf8', from, from + size))?.[1];
    else if (type === 'L') longName = tar.toString('utf8', from, from + size).replace(/\0.*$/s, '');
    else if (type !== 'K' && type !== 'g') longName = undefined;
    at = from + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function text(header: Buffer, [at, length]: readonly [number, number]): string {
  return header.toString('utf8', at, at + length).replace(/\0.*$/s, '');
}

/** Octal digits, or binary with the first bit set for 8 GiB and more (GNU). */
function sizeOf(header: Buffer): number {
  const [at, length] = SIZE;
  if (((header[at] ?? 0) & 0x80) !== 0) return Number(header.readBigUInt64BE(at + length - 8));
  return Number.parseInt(text(header, SIZE).trim() || '0', 8);
}
