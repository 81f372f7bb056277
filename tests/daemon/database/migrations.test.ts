import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { openForReading, openForWriting } from '../../../daemon/database/open.ts';
import { temporaryFolder } from '../../support/database.ts';

const FIRST =
  "CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO thing (name) VALUES ('kept')";
const STATEMENTS = [
  'ALTER TABLE thing ADD COLUMN size INTEGER',
  'UPDATE thing SET size = 1',
  'CREATE TABLE part (id INTEGER PRIMARY KEY, thing INTEGER REFERENCES thing)',
  'INSERT INTO part (thing) SELECT id FROM thing',
  'DROP TABLE part',
];

/** Starts a process that dies by SIGKILL after `survived` statements of the second migration. */
function migrateAndDie(file: string, survived: number): void {
  const program = `
    import SQLite from 'better-sqlite3';
    import { openForWriting } from ${JSON.stringify(new URL('../../../daemon/database/open.ts', import.meta.url).href)};
    const exec = SQLite.prototype.exec;
    SQLite.prototype.exec = function (sql) {
      for (const statement of ${JSON.stringify(STATEMENTS.slice(0, survived))}) exec.call(this, statement);
      process.kill(process.pid, 'SIGKILL');
    };
    openForWriting(${JSON.stringify(file)}, ['', ${JSON.stringify(STATEMENTS.join(';'))}]);
  `;
  const { signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
  });
  assert.equal(signal, 'SIGKILL');
}

describe('migrating the database', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;

  beforeEach(() => {
    folder = temporaryFolder();
    file = path.join(folder.path, 'modelthat.db');
    openForWriting(file, [FIRST]).close();
  });
  afterEach(() => folder.remove());

  /** The schema's number, its SQL and the rows of the first table. */
  function state(place: string): unknown {
    const connection = openForReading(place);
    try {
      assert.equal(connection.pragma('integrity_check', { simple: true }), 'ok');
      return {
        schema: connection.pragma('user_version', { simple: true }),
        sql: connection.prepare('SELECT sql FROM sqlite_schema ORDER BY name').pluck().all(),
        things: connection.prepare('SELECT * FROM thing').all(),
      };
    } finally {
      connection.close();
    }
  }

  it('backs up what is there before it changes it', () => {
    const before = state(file);
    openForWriting(file, [FIRST, STATEMENTS.join(';')]).close();
    assert.notDeepEqual(state(file), before);
    const [backup = '', ...others] = fs.readdirSync(path.join(folder.path, 'backups'));
    assert.deepEqual(others, []);
    assert.deepEqual(state(path.join(folder.path, 'backups', backup)), before);
  });

  it('does nothing, and makes no backup, when the schema is up to date', () => {
    openForWriting(file, [FIRST]).close();
    assert.ok(!fs.existsSync(path.join(folder.path, 'backups')));
  });

  for (let failing = 0; failing <= STATEMENTS.length; failing += 1) {
    it(`leaves the old schema when statement ${failing + 1} fails, and finishes next time`, () => {
      const before = state(file);
      const broken = [...STATEMENTS.slice(0, failing), 'SELECT no_such_function()'].join(';');
      assert.throws(() => openForWriting(file, [FIRST, broken]), /no_such_function/);
      assert.deepEqual(state(file), before);
      openForWriting(file, [FIRST, STATEMENTS.join(';')]).close();
      assert.equal((state(file) as { schema: number }).schema, 2);
    });

    it(`leaves the old schema when it is killed after statement ${failing}, and finishes next time`, () => {
      const before = state(file);
      migrateAndDie(file, failing);
      assert.deepEqual(state(file), before);
      openForWriting(file, [FIRST, STATEMENTS.join(';')]).close();
      assert.equal((state(file) as { schema: number }).schema, 2);
    });
  }
});
