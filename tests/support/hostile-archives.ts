/** Archives that no honest program makes, written byte by byte. */
import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';

/** A file of a zip, with what is said of it. */
export interface ZipEntry {
  readonly name: string;
  readonly content?: Uint8Array | string;
  /** Unix mode, with the kind of file in its upper bits. */
  readonly mode?: number;
  /** Bytes that it is said to have unpacked. */
  readonly size?: number;
  readonly packed?: boolean;
  readonly flags?: number;
}

const REGULAR = 0o100644;
const UTF8 = 0x800;

/** A zip with these files, in which each is what it is said to be and nothing is checked. */
export function rawZip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, content = '', mode = REGULAR, size, packed = false, flags = UTF8 } of entries) {
    const plain = Buffer.from(content as string);
    const data = packed ? deflateRawSync(plain) : plain;
    const file = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(packed ? 8 : 0, 4);
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(size ?? plain.length, 18);
    common.writeUInt16LE(file.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, file, data);
    const header = Buffer.alloc(46);
    header.write('PK\x01\x02', 'latin1');
    // Made by Unix: the upper half of the attributes is a mode.
    header.writeUInt16LE((3 << 8) | 20, 4);
    common.copy(header, 6);
    header.writeUInt32LE((mode << 16) >>> 0, 38);
    header.writeUInt32LE(offset, 42);
    central.push(header, file);
    offset += 30 + file.length + data.length;
  }
  const directory = Buffer.concat(central);
  return Buffer.concat([...parts, directory, ...endOf(entries.length, directory.length, offset)]);
}

/** The end of a zip; more than 65,534 files need the longer form of it, too. */
function endOf(count: number, size: number, offset: number): Buffer[] {
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  const short = Math.min(count, 0xffff);
  end.writeUInt16LE(short, 8);
  end.writeUInt16LE(short, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  if (count < 0xffff) return [end];
  const long = Buffer.alloc(56);
  long.write('PK\x06\x06', 'latin1');
  long.writeBigUInt64LE(44n, 4);
  long.writeBigUInt64LE(BigInt(count), 24);
  long.writeBigUInt64LE(BigInt(count), 32);
  long.writeBigUInt64LE(BigInt(size), 40);
  long.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(offset + size), 8);
  locator.writeUInt32LE(1, 16);
  return [long, locator, end];
}

const MANIFEST = 'manifest.json';
const RUN = 'b'.repeat(32);

/** The files of an archive with one run, before anything is wrong with it. */
function honest(): ZipEntry[] {
  const run = {
    ...{ id: RUN, experimentId: '7', name: 'planted', user: '', status: 'FINISHED', lifecycle: 'active' },
    ...{ startTime: 1, endTime: 2, deletedAt: null, artifactUri: `mlflow-artifacts:/7/${RUN}/artifacts` },
    ...{ params: [], tags: [], datasets: [], modelInputs: [], modelOutputs: [] },
  };
  const experiment = {
    ...{ id: '7', name: 'planted', lifecycle: 'active', artifactLocation: 'mlflow-artifacts:/7' },
    ...{ createdAt: 1, updatedAt: 1, tags: [] },
  };
  return [
    { name: 'experiments/7.json', content: JSON.stringify(experiment) },
    { name: `runs/${RUN}.json`, content: JSON.stringify(run) },
    { name: `artifacts/runs/${RUN}/a.txt`, content: 'a' },
  ];
}

/** A zip with a list of its files that fits it, whatever they are. */
export function archiveOf(entries: readonly ZipEntry[], listed: readonly ZipEntry[] = entries): Buffer {
  const files = listed.map(({ name, content = '', size }) => ({
    path: name,
    size: size ?? Buffer.from(content as string).length,
    sha256: createHash('sha256')
      .update(Buffer.from(content as string))
      .digest('hex'),
  }));
  const manifest = { format: 1, madeAt: 1, version: '1', of: 'planted', files };
  return rawZip([...entries, { name: MANIFEST, content: JSON.stringify(manifest) }]);
}

const folder = `artifacts/runs/${RUN}`;
const LINK = 0o120777;

/** @param entry beside the honest files */
const withEntry = (...entries: ZipEntry[]) => archiveOf([...honest(), ...entries]);
const named = (name: string) => withEntry({ name, content: 'escaped' });

/** Bad archives by what is wrong with them. @param outside a folder in which nothing may appear */
export function badArchives(outside: string): Readonly<Record<string, () => Buffer>> {
  const whole = () => archiveOf(honest());
  return {
    'a name that leads upwards': () => named('../escaped.txt'),
    'a name that leads far upwards': () =>
      named(`${folder}/../../../../../../../../${outside.slice(1)}/escaped.txt`),
    'a name that leads upwards at its end': () => named(`${folder}/..`),
    'an absolute name': () => named(`${outside}/escaped.txt`),
    'a name with a drive': () => named('C:/escaped.txt'),
    'a name relative to a drive': () => named('C:escaped.txt'),
    'backslashes that lead upwards': () => named('..\\escaped.txt'),
    'a share of the network': () => named('\\\\host\\share\\escaped.txt'),
    'an encoded name that leads upwards': () => named(`${folder}/%2e%2e/%2e%2e/escaped.txt`),
    'a doubly encoded name': () => named(`${folder}/%252e%252e%252fescaped.txt`),
    'a name with a NUL': () => named(`${folder}/a.txt\0/../../escaped.txt`),
    'a name with a dot': () => named(`${folder}/./b.txt`),
    'an empty part of a name': () => named(`${folder}//b.txt`),
    'no name': () => named(''),
    'a folder': () => withEntry({ name: `${folder}/inner/`, mode: 0o040755 }),
    'a name that is too long': () => named(`${folder}/${'x'.repeat(4096)}`),
    'a symbolic link': () => withEntry({ name: `${folder}/link`, content: '/etc/passwd', mode: LINK }),
    'a chain of symbolic links': () =>
      withEntry(
        { name: `${folder}/one`, content: outside, mode: LINK },
        { name: `${folder}/two`, content: 'one', mode: LINK },
        { name: `${folder}/two/escaped.txt`, content: 'escaped' },
      ),
    'a file below a file': () =>
      withEntry({ name: `${folder}/b`, content: 'x' }, { name: `${folder}/b/c`, content: 'x' }),
    'a block device': () => withEntry({ name: `${folder}/device`, mode: 0o060644 }),
    'a character device': () => withEntry({ name: `${folder}/device`, mode: 0o020644 }),
    'a pipe': () => withEntry({ name: `${folder}/pipe`, mode: 0o010644 }),
    'a socket': () => withEntry({ name: `${folder}/socket`, mode: 0o140644 }),
    'a name twice': () => withEntry({ name: `${folder}/a.txt`, content: 'other' }),
    'a name twice where case does not matter': () => withEntry({ name: `${folder}/A.TXT`, content: 'other' }),
    'more than is taken': () => withEntry({ name: `${folder}/big`, size: 3_000_000_000 }),
    'far more than its size': () =>
      withEntry({ name: `${folder}/bomb`, content: Buffer.alloc(100_000_000), packed: true }),
    'more than it says': () =>
      archiveOf([
        ...honest(),
        { name: `${folder}/bomb`, content: Buffer.alloc(50_000_000), packed: true, size: 10 },
      ]),
    'more files than are taken': () =>
      rawZip([...honest(), ...Array.from({ length: 100_001 }, (_, at) => ({ name: `${folder}/${at}` }))]),
    'an encrypted file': () =>
      withEntry({ name: `${folder}/secret`, content: 'x'.repeat(20), flags: UTF8 | 1 }),
    'a file that is nothing of ours': () => named('somewhere/else.txt'),
    'a file that is not listed': () =>
      archiveOf([...honest(), { name: `${folder}/b.txt`, content: 'b' }], honest()),
    'a listed file that is missing': () =>
      archiveOf(honest(), [...honest(), { name: `${folder}/b.txt`, content: 'b' }]),
    'another content than is listed': () =>
      archiveOf([...honest().slice(0, 2), { name: `${folder}/a.txt`, content: 'b' }], honest()),
    'no list of files': () => rawZip(honest()),
    'a list that is none': () => rawZip([...honest(), { name: MANIFEST, content: '{"files": 1}' }]),
    'a list that is no JSON': () => rawZip([...honest(), { name: MANIFEST, content: '[' }]),
    'a list that is deep': () => rawZip([...honest(), { name: MANIFEST, content: '['.repeat(200_000) }]),
    'half of it': () => whole().subarray(0, whole().length / 2),
    'all but its end': () => whole().subarray(0, whole().length - 10),
    nothing: () => rawZip([]),
    'a damaged byte': () => {
      const bytes = whole();
      const at = bytes.indexOf('a.txta') + 5;
      bytes[at] = 0x62;
      return bytes;
    },
  };
}
