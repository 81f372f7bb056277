import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openForWriting } from '../../../daemon/database/open.ts';
import { getRun } from '../../../daemon/tracking/store/read-runs.ts';
import { temporaryFolder } from '../../support/database.ts';
import type { Acknowledged } from '../../support/logging-process.ts';

const PROGRAM = fileURLToPath(new URL('../../support/logging-process.ts', import.meta.url));

/** System calls that change a file. */
const WRITING = /\b(pwrite64|fsync|fdatasync|ftruncate)\(\d+<[^>]*modelthat\.db/;

describe('a disk that fails', function () {
  this.timeout(60_000);

  for (const failing of [10, 25, 40])
    it(`acknowledges nothing that a sync failed for and writes nothing after it (sync ${failing})`, async function () {
      if (spawnSync('strace', ['-V']).error) {
        console.log('skipped: strace is not installed');
        this.skip();
      }
      const folder = temporaryFolder();
      const file = path.join(folder.path, 'modelthat.db');
      const trace = path.join(folder.path, 'trace');
      const child = spawn(
        'strace',
        [
          ...['-f', '-y', '-qq', '-o', trace, '-e', 'trace=pwrite64,fsync,fdatasync,ftruncate'],
          ...['-e', `inject=fsync,fdatasync:error=EIO:when=${failing}+`],
          ...[process.execPath, PROGRAM, file, '0'],
        ],
        { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
      );
      const acknowledged: Acknowledged[] = [];
      child.on('message', message => acknowledged.push(message as Acknowledged));
      await once(child, 'close');
      const calls = fs
        .readFileSync(trace, 'utf8')
        .split('\n')
        .filter(line => WRITING.test(line));
      const failed = calls.findIndex(call => call.includes('EIO'));
      assert.ok(failed >= 0, 'a sync of the database failed');
      assert.deepEqual(calls.slice(failed + 1), [], 'nothing was written after the failed sync');

      const connection = openForWriting(file);
      assert.equal(connection.pragma('integrity_check', { simple: true }), 'ok');
      for (const { runId, step } of acknowledged)
        assert.ok(Number(getRun(connection, { runId }).tags.step) >= step, 'an acknowledged write is lost');
      connection.close();
      folder.remove();
    });
});
