/** A small file system of its own, to fill up. */
import { spawnSync } from 'node:child_process';

const SIZE = '8m';

/** Mounts 8 MB over the folder; `umount` it afterwards. @returns why it could not, undefined when it could */
export function mountSmall(folder: string): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'mounting a small file system needs root on Linux';
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder]);
  return status === 0 ? undefined : `mount: ${stderr}`;
}
