/** Whether a store's file system keeps SQLite's promises. */
import fs from 'node:fs';

/** Linux: `f_type` of statfs(2) of file systems whose locks and shared memory do not hold between machines. */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x517b, 'SMB'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
]);

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
  return NETWORK_TYPES.get(fs.statfsSync(store).type >>> 0);
}
