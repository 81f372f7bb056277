/** I3: folders and files that are swapped for links while artifacts are read and written lead nowhere else. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { LocalArtifactStore } from '../../daemon/artifacts/local.ts';
import { atLeast, type Check, none } from './check.ts';

/** Swaps a folder for a symbolic link, and a file for a hard link, and back, as quickly as it can. */
const FLIPPER = `
const fs = require('node:fs');
const [, root, outside, flips] = process.argv;
for (let flip = 0; flip < Number(flips); flip += 1) {
  try {
    fs.renameSync(root + '/run/folder', root + '/run/aside');
    fs.symlinkSync(outside, root + '/run/folder');
    fs.linkSync(outside + '/secret', root + '/run/fresh');
    fs.renameSync(root + '/run/fresh', root + '/run/file');
    fs.unlinkSync(root + '/run/folder');
    fs.renameSync(root + '/run/aside', root + '/run/folder');
    fs.writeFileSync(root + '/run/fresh', 'ours');
    fs.renameSync(root + '/run/fresh', root + '/run/file');
  } catch (error) {
    // The store has written or deleted there in between: begin anew.
    fs.rmSync(root + '/run', { recursive: true, force: true, maxRetries: 100 });
    fs.mkdirSync(root + '/run/folder', { recursive: true });
    fs.writeFileSync(root + '/run/folder/secret', 'ours');
  }
}
`;

export const artifactSwaps: Check = {
  id: 'I3',
  title: 'links that are swapped in while artifacts are read and written lead nowhere',
  trial: {
    counts: { full: 20_000, quick: 5_000, test: 2_000 },
    obstacle: () =>
      process.platform === 'linux' ? undefined : 'it holds on Linux only, where open folders can be held',
    run: async flips => {
      const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-swaps-')));
      const outside = path.join(scratch, 'outside');
      fs.mkdirSync(outside);
      fs.writeFileSync(path.join(outside, 'secret'), 'secret');
      const root = path.join(scratch, 'artifacts');
      const store = await LocalArtifactStore.open(root);
      const seen = { operations: 0, leaks: 0 };
      const flipper = spawn(process.execPath, ['-e', FLIPPER, root, outside, String(flips)], {
        stdio: 'inherit',
      });
      const ended = once(flipper, 'exit');
      try {
        while (flipper.exitCode === null && flipper.signalCode === null) {
          const name = `new-${seen.operations}`;
          const results = await Promise.allSettled([
            read(store, 'run/folder/secret'),
            read(store, 'run/file'),
            store.write(`run/folder/${name}`, Readable.from([Buffer.from('ours')])).then(() => 'ours'),
            store.write('run/folder/secret', Readable.from([Buffer.from('ours')])).then(() => 'ours'),
            store.delete('run/folder/secret').then(() => 'ours'),
            Array.fromAsync(store.list('run/folder')).then(() => 'ours'),
          ]);
          seen.operations += results.length;
          seen.leaks += results.filter(
            each => each.status === 'fulfilled' && each.value.includes('secret'),
          ).length;
        }
        await ended;
        const names = fs.readdirSync(outside);
        const secret = names.includes('secret') ? fs.readFileSync(path.join(outside, 'secret'), 'utf8') : '';
        return {
          'what was read from outside': none(seen.leaks),
          'what was written, changed or deleted outside': none(
            names.filter(name => name !== 'secret').length + (secret === 'secret' ? 0 : 1),
          ),
          operations: atLeast(seen.operations, flips / 10),
        };
      } finally {
        flipper.kill();
        fs.rmSync(scratch, { recursive: true, force: true });
      }
    },
  },
};

async function read(store: LocalArtifactStore, file: string): Promise<string> {
  return text(await (await store.open(file)).read());
}
