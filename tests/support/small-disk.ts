/** A small file system of its own, to fill up. */
import { spawnSync } from 'node:child_process';

/** Why a small file system cannot be mounted here. */
export function needsMount(): string | undefined {
  const can = process.platform === 'linux' && process.getuid?.() === 0;
  return can ? undefined : 'mounting a small file system needs root on Linux';
}

/** Mounts a small file system over the folder; `umount` it afterwards. @returns why it could not, undefined when it could */
export function mountSmall(folder: string, size = '8m'): string | undefined {
  const obstacle = needsMount();
  if (obstacle) return obstacle;
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  return status === 0 ? undefined : `mount: ${stderr}`;
}
