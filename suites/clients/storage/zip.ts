import { crc32, inflateRawSync } from 'node:zlib';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const DEFLATED = 8;

/** The bytes are not a ZIP archive, or the archive is damaged. */
class BadArchive extends Error {
  override name = 'BadArchive';
}

/**
 * Every file of a ZIP archive below 4 GiB by its path, with its CRC-32 checked. Folders end with "/" and are empty.
 * Throws {@link BadArchive}. Layout: APPNOTE.TXT of PKWARE, sections 4.3.7, 4.3.12 and 4.3.16.
 */
export function unzip(archive: Buffer): Map<string, Buffer> {
  let end = archive.length - 22;
  while (end >= 0 && archive.readUInt32LE(end) !== END_OF_DIRECTORY) end -= 1;
  if (end < 0) throw new BadArchive(`no end of a directory in ${archive.length} bytes`);
  const files = new Map<string, Buffer>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (archive.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new BadArchive(`no directory entry at ${at}`);
    const nameLength = archive.readUInt16LE(at + 28);
    const name = archive.subarray(at + 46, at + 46 + nameLength).toString('utf8');
    const local = archive.readUInt32LE(at + 42);
    const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const packed = archive.subarray(start, start + archive.readUInt32LE(at + 20));
    // Folders are marked as deflated, but have no bytes.
    const deflated = archive.readUInt16LE(at + 10) === DEFLATED && packed.length > 0;
    const content = deflated ? inflateRawSync(packed) : packed;
    if (crc32(content) !== archive.readUInt32LE(at + 16)) throw new BadArchive(`${name} is damaged`);
    files.set(name, content);
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return files;
}
