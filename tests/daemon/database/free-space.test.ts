import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Database as Connection } from 'better-sqlite3';
import { giveBackSpace } from '../../../daemon/database/free-space.ts';
import { openForWriting } from '../../../daemon/database/open.ts';
import { temporaryFolder } from '../../support/database.ts';

const MB = 1024 * 1024;

describe('free space in the database file', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  let connection: Connection;

  beforeEach(() => {
    folder = temporaryFolder();
    file = path.join(folder.path, 'modelthat.db');
    connection = openForWriting(file);
    connection.pragma('synchronous = OFF');
    connection.exec('CREATE TABLE filling (part INTEGER, content BLOB)');
    const insert = connection.prepare(`INSERT INTO filling VALUES (?, zeroblob(${MB}))`);
    for (let part = 0; part < 48; part += 1) insert.run(part);
  });
  afterEach(() => {
    connection.close();
    folder.remove();
  });

  /** What the file takes once all of the log is in it, in MB. */
  function size(): number {
    connection.pragma('wal_checkpoint(TRUNCATE)');
    return fs.statSync(file).size / MB;
  }
  const remove = (condition: string) => connection.exec(`DELETE FROM filling WHERE ${condition}`);

  it('is given back piece by piece, save what the next points will take', () => {
    remove('part % 8 != 0');
    assert.ok(size() > 48);
    let pieces = 1;
    while (giveBackSpace(connection)) pieces += 1;
    assert.ok(pieces > 10, `${pieces} pieces`);
    assert.ok(size() > 20 && size() < 24, `${size()} MB`);
    assert.equal(connection.prepare('SELECT sum(length(content)) FROM filling').pluck().get(), 6 * MB);
    assert.equal(connection.pragma('integrity_check', { simple: true }), 'ok');
  });

  it('stays where there is little of it', () => {
    remove('part < 8');
    const before = size();
    assert.equal(giveBackSpace(connection), false);
    assert.equal(size(), before);
  });

  it('stays in a file that was made before files could shrink', () => {
    connection.pragma('auto_vacuum = NONE');
    connection.exec('VACUUM');
    remove('part >= 0');
    assert.equal(giveBackSpace(connection), false);
  });
});
