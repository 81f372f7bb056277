/** Whether a store's file system keeps SQLite's promises. */
import fs from 'node:fs';

/** Linux: `f_type` of statfs(2) of file systems whose locks and shared memory do not hold between machines. */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x517b, 'SMB'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
]);

/** Linux: `f_type` of every file system that a program provides; which one it is, the mount table says. */
const FUSE_TYPE = 0x65735546;
const NETWORK_FUSE = /^fuse\.(sshfs|rclone|s3fs|gcsfuse|glusterfs|davfs2?|cephfs|juicefs|goofys|mount-s3)$/;

/**
 * Refuses a store on a network file system: locks and memory maps do not hold there, and the database would be damaged.
 *
 * @param store real path of the store's folder
 * @throws Error with the remedy
 */
export function refuseNetworkVolume(store: string): void {
  const kind = networkKind(store);
  if (kind === undefined) return;
  throw new Error(
    `The store ${store} is on a network file system (${kind}), where a database gets damaged. Keep it on a local disk: setting modelthat.storePath, or --store.`,
  );
}

function networkKind(store: string): string | undefined {
  if (process.platform === 'win32') return store.startsWith('\\\\') ? 'UNC path' : undefined;
  if (process.platform !== 'linux') return undefined;
  const type = fs.statfsSync(store).type >>> 0;
  if (type !== FUSE_TYPE) return NETWORK_TYPES.get(type);
  const kind = mountKind(store, fs.readFileSync('/proc/self/mountinfo', 'utf8'));
  return NETWORK_FUSE.test(kind) ? kind : undefined;
}

/**
 * The kind of file system that a folder is on.
 *
 * @param folder its real path
 * @param mountinfo as in proc(5)
 * @returns the kind of the innermost mount; empty when there is none
 */
export function mountKind(folder: string, mountinfo: string): string {
  let innermost = { point: '', kind: '' };
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const point = unescapeOctal(before.split(' ')[4] ?? '');
    const within = point !== '' && `${folder}/`.startsWith(point === '/' ? '/' : `${point}/`);
    // A later line of the same place covers the earlier one.
    if (within && point.length >= innermost.point.length)
      innermost = { point, kind: after.split(' ')[0] ?? '' };
  }
  return innermost.kind;
}

/** The kernel writes blanks in paths as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
}
