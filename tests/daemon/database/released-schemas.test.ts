import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Database as Connection } from 'better-sqlite3';
import { newestBackup } from '../../../daemon/database/backups.ts';
import { openDatabase } from '../../../daemon/database/database.ts';
import { SCHEMA_VERSION } from '../../../daemon/database/migrations.ts';
import { openForReading, openForWriting } from '../../../daemon/database/open.ts';
import { temporaryFolder } from '../../support/database.ts';

const FIXTURES = path.resolve(import.meta.dirname, '../../fixtures/schemas');
const released = fs
  .readdirSync(FIXTURES)
  .filter(name => name.endsWith('.db'))
  .map(name => Number(/\d+/.exec(name)?.[0]));

/** The schema from which on fixtures have an approval. */
const APPROVALS = 20;

/** Rows by table, each row as JSON of the columns that are asked for. */
type Content = Record<string, { columns: string[]; rows: string[] }>;

function reading<Result>(file: string, read: (connection: Connection) => Result): Result {
  const connection = openForReading(file);
  try {
    return read(connection);
  } finally {
    connection.close();
  }
}

function columnsByTable(connection: Connection): Record<string, string[]> {
  const tables = connection
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .pluck()
    .all() as string[];
  const columnsOf = connection.prepare('SELECT name FROM pragma_table_info(?)').pluck();
  return Object.fromEntries(tables.map(table => [table, columnsOf.all(table) as string[]]));
}

/** What is in a database, in these columns of these tables. */
function contentOf(file: string, asked?: Record<string, string[]>): Content {
  return reading(file, connection =>
    Object.fromEntries(
      Object.entries(asked ?? columnsByTable(connection)).map(([table, columns]) => {
        const list = columns.map(column => `"${column}"`).join(', ');
        const rows = connection.prepare(`SELECT ${list} FROM "${table}"`).raw().all();
        return [table, { columns, rows: rows.map(row => JSON.stringify(row)).sort() }];
      }),
    ),
  );
}

/** Tables with their columns, and indexes: what a migrated database has in common with a new one. */
function shapeOf(file: string): unknown {
  return reading(file, connection => ({
    tables: columnsByTable(connection),
    indexes: connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name").all(),
  }));
}

describe('databases of every released schema', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  beforeEach(() => {
    folder = temporaryFolder();
    file = path.join(folder.path, 'modelthat.db');
  });
  afterEach(() => folder.remove());

  it('include the present one once nothing is unreleased', () => {
    const changelog = fs.readFileSync(path.resolve(import.meta.dirname, '../../../CHANGELOG.md'), 'utf8');
    const [, unreleased = ''] = changelog.split(/^## .*$/m);
    assert.ok(
      released.includes(SCHEMA_VERSION) || unreleased.includes('\n- '),
      `run tests/fixtures/schemas/make.ts and commit schema-${SCHEMA_VERSION}.db`,
    );
  });

  for (const schema of released) {
    const fixture = path.join(FIXTURES, `schema-${schema}.db`);

    it(`come from schema ${schema} to the present one with every row`, () => {
      const before = contentOf(fixture);
      fs.copyFileSync(fixture, file);
      openForWriting(file).close();
      const columns = Object.fromEntries(
        Object.entries(before).map(([table, content]) => [table, content.columns]),
      );
      assert.deepEqual(contentOf(file, columns), before);
      reading(file, connection => {
        assert.equal(connection.pragma('user_version', { simple: true }), SCHEMA_VERSION);
        assert.equal(connection.pragma('integrity_check', { simple: true }), 'ok');
        assert.deepEqual(connection.pragma('foreign_key_check'), []);
      });
      const backup = newestBackup(file);
      if (schema === SCHEMA_VERSION) assert.equal(backup, undefined);
      else assert.deepEqual(contentOf(backup ?? ''), before);
    });

    it(`have the shape of a new one after coming from schema ${schema}`, () => {
      fs.copyFileSync(fixture, file);
      openForWriting(file).close();
      const fresh = path.join(folder.path, 'fresh.db');
      openForWriting(fresh).close();
      assert.deepEqual(shapeOf(file), shapeOf(fresh));
    });

    it(`are read by the present services after coming from schema ${schema}`, async () => {
      fs.copyFileSync(fixture, file);
      const database = await openDatabase(file, error => {
        throw error;
      });
      try {
        const version = await database.read('registry.getVersion', { name: 'sales', version: 1 });
        // Later ones have approvals, by one of which it came to Production.
        const [request] = await database.read('registry.approvals', { limit: 10 });
        assert.deepEqual(
          request?.answers.map(({ approved, reason }) => [approved, reason]),
          schema < APPROVALS ? undefined : [[true, 'agreed']],
        );
        const stage = schema < APPROVALS ? 'Staging' : 'Production';
        assert.deepEqual([version.stage, version.aliases], [stage, ['champion']]);
        const run = await database.read('tracking.getRun', { runId: version.runId ?? '' });
        assert.equal(run.status, 'FINISHED');
        const { items } = await database.read('pipelines.listExecutions', {
          file: null,
          limit: 10,
          offset: 0,
        });
        const [execution] = items;
        assert.deepEqual(
          execution?.steps.map(step => [step.name, step.status]),
          [
            ['a', 'succeeded'],
            ['b', 'succeeded'],
          ],
        );
      } finally {
        await database.close();
      }
    });
  }
});
