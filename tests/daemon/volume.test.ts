import assert from 'node:assert/strict';
import { mountKind } from '../../daemon/life/volume.ts';

const MOUNTS = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /home/ada/remote rw,nosuid shared:20 - fuse.sshfs ada@far: rw,user_id=1000
41 22 0:36 / /mnt/my\\040disk rw shared:21 - fuseblk /dev/sdb1 rw
42 40 0:37 / /home/ada/remote/inner rw shared:22 - ext4 /dev/sdc1 rw
`;

describe('the file system of a store', () => {
  it('is that of the innermost mount', () => {
    const kinds: Record<string, string> = {
      '/home/ada/project/.modelthat': 'ext4',
      '/home/ada/remote': 'fuse.sshfs',
      '/home/ada/remote/project/.modelthat': 'fuse.sshfs',
      '/home/ada/remote/inner/.modelthat': 'ext4',
      '/home/ada/remote-not': 'ext4',
      '/mnt/my disk/.modelthat': 'fuseblk',
    };
    for (const [folder, kind] of Object.entries(kinds)) assert.equal(mountKind(folder, MOUNTS), kind, folder);
  });
});
