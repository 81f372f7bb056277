import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import SQLite from 'better-sqlite3';
import { ApiError } from '../../../daemon/contract/errors.ts';
import { backUp } from '../../../daemon/database/backups.ts';
import { openDatabase } from '../../../daemon/database/database.ts';
import { APPLICATION_ID, SCHEMA_VERSION } from '../../../daemon/database/migrations.ts';
import { openForReading, openForWriting } from '../../../daemon/database/open.ts';
import { temporaryFolder } from '../../support/database.ts';

describe('opening the database', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;

  beforeEach(() => {
    folder = temporaryFolder();
    file = path.join(folder.path, 'modelthat.db');
  });
  afterEach(() => folder.remove());

  const refusal =
    (code: string, ...parts: string[]) =>
    (error: unknown) => {
      assert.ok(error instanceof ApiError, String(error));
      assert.equal(error.code, code);
      for (const part of parts)
        assert.ok(error.message.includes(part), `${error.message} should name ${part}`);
      return true;
    };

  it('makes a new one that is power-safe and has the default experiment', () => {
    const connection = openForWriting(file);
    assert.equal(connection.pragma('journal_mode', { simple: true }), 'wal');
    assert.equal(connection.pragma('synchronous', { simple: true }), 2);
    assert.equal(connection.pragma('foreign_keys', { simple: true }), 1);
    assert.equal(connection.pragma('user_version', { simple: true }), SCHEMA_VERSION);
    assert.equal(connection.pragma('application_id', { simple: true }), APPLICATION_ID);
    assert.deepEqual(connection.prepare('SELECT id, name FROM experiment').all(), [
      { id: 0, name: 'Default' },
    ]);
    connection.close();
    assert.ok(!fs.existsSync(path.join(folder.path, 'backups')), 'there was nothing to back up');
  });

  it('starts anew where the very first start was interrupted in the middle of a change', () => {
    const interrupted = new SQLite(path.join(folder.path, 'interrupted.db'));
    interrupted.pragma('cache_size = 1');
    interrupted.exec('BEGIN; CREATE TABLE unfinished (value TEXT)');
    const insert = interrupted.prepare('INSERT INTO unfinished VALUES (?)');
    for (let row = 0; row < 100; row += 1) insert.run('x'.repeat(1000));
    for (const end of ['', '-journal'])
      fs.copyFileSync(path.join(folder.path, `interrupted.db${end}`), `${file}${end}`);
    interrupted.close();
    assert.throws(
      () => openForReading(file).prepare('SELECT 1 FROM sqlite_schema').get(),
      'it is not read as it is',
    );

    const connection = openForWriting(file);
    assert.deepEqual(connection.prepare('SELECT name FROM experiment').pluck().all(), ['Default']);
    assert.equal(
      connection.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'unfinished'").pluck().get(),
      0,
    );
    assert.equal(connection.pragma('auto_vacuum', { simple: true }), 2);
    connection.close();
  });

  it('gives readers a connection that cannot write', () => {
    openForWriting(file).close();
    const connection = openForReading(file);
    assert.throws(() => connection.exec("UPDATE experiment SET name = 'x'"), /readonly/);
    connection.close();
  });

  it('refuses a file that is no database, names the newest backup, and changes nothing', () => {
    const connection = openForWriting(file);
    backUp(connection, file, SCHEMA_VERSION);
    const backup = backUp(connection, file, SCHEMA_VERSION);
    connection.close();
    const garbage = Buffer.alloc(8192, 'not a database ');
    fs.writeFileSync(file, garbage);
    assert.throws(() => openForWriting(file), refusal('DATA_LOSS', file, backup, 'copy'));
    assert.deepEqual(fs.readFileSync(file), garbage);
    fs.copyFileSync(backup, file);
    openForWriting(file).close();
  });

  it('refuses a database with a damaged page and changes nothing', () => {
    const connection = openForWriting(file);
    connection.close();
    const bytes = fs.readFileSync(file);
    bytes.fill(0xff, 2 * 4096, 6 * 4096);
    fs.writeFileSync(file, bytes);
    assert.throws(() => openForWriting(file), refusal('DATA_LOSS', file, 'There is no backup'));
    assert.deepEqual(fs.readFileSync(file), bytes);
  });

  it('refuses a database with a damaged header and changes nothing', () => {
    openForWriting(file).close();
    const bytes = fs.readFileSync(file);
    bytes.fill(0xff, 30, 100);
    fs.writeFileSync(file, bytes);
    assert.throws(() => openForWriting(file), refusal('DATA_LOSS', file, 'There is no backup'));
    assert.deepEqual(fs.readFileSync(file), bytes);
  });

  describe('a large one', () => {
    beforeEach(() => {
      const connection = openForWriting(file);
      connection.exec('CREATE TABLE ballast (bytes BLOB); INSERT INTO ballast VALUES (zeroblob(70000000))');
      connection.close();
    });

    function damage() {
      const descriptor = fs.openSync(file, 'r+');
      fs.writeSync(descriptor, Buffer.alloc(4096, 0xff), 0, 4096, 4096 * 5000);
      fs.closeSync(descriptor);
    }

    it('is served at once, and given up when damage is found; then it is refused', async () => {
      damage();
      const failed = Promise.withResolvers<Error>();
      const database = await openDatabase(file, failed.resolve);
      database.startReaders();
      assert.match((await failed.promise).message, /is damaged \(.*invalid page/s);
      await database.close();
      assert.throws(() => openForWriting(file), refusal('DATA_LOSS', file, 'There is no backup'));
    });

    it('is refused at once when the machine went down while it was in use', () => {
      damage();
      fs.writeFileSync(`${file}-wal`, '');
      fs.utimesSync(`${file}-wal`, 1, 1);
      assert.throws(() => openForWriting(file), refusal('DATA_LOSS', file, 'There is no backup'));
    });

    it('is served again after it was made good', async () => {
      fs.writeFileSync(`${file}-damaged`, 'found earlier');
      openForWriting(file).close();
      assert.ok(!fs.existsSync(`${file}-damaged`));
    });
  });

  it('refuses a newer schema, says which side to update, and leaves the file as it is', () => {
    const connection = openForWriting(file);
    connection.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
    connection.close();
    const bytes = fs.readFileSync(file);
    assert.throws(
      () => openForWriting(file),
      refusal('RESOURCE_CONFLICT', `its schema is ${SCHEMA_VERSION + 1}`, 'Update this side'),
    );
    assert.deepEqual(fs.readFileSync(file), bytes);
  });

  it('refuses the database of another program', () => {
    const other = new SQLite(file);
    other.exec('CREATE TABLE runs (run_uuid TEXT)');
    other.close();
    const bytes = fs.readFileSync(file);
    assert.throws(() => openForWriting(file), refusal('RESOURCE_CONFLICT', 'another program'));
    assert.deepEqual(fs.readFileSync(file), bytes);
  });

  it('keeps the three newest backups, each whole', () => {
    const connection = openForWriting(file);
    const made = [1, 2, 3, 4].map(() => backUp(connection, file, SCHEMA_VERSION));
    connection.close();
    const kept = fs.readdirSync(path.join(folder.path, 'backups')).sort();
    assert.deepEqual(
      kept,
      made.slice(1).map(backup => path.basename(backup)),
    );
    for (const backup of made.slice(1)) {
      const copy = openForReading(backup);
      assert.equal(copy.pragma('integrity_check', { simple: true }), 'ok');
      copy.close();
    }
  });
});
