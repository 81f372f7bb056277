import assert from 'node:assert/strict';
import path from 'node:path';
import type { Database as Connection } from 'better-sqlite3';
import { invalid } from '../../../daemon/contract/errors.ts';
import { commitGroup } from '../../../daemon/database/group.ts';
import { openForWriting } from '../../../daemon/database/open.ts';
import { temporaryFolder } from '../../support/database.ts';

describe('group commit', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let connection: Connection;

  beforeEach(() => {
    folder = temporaryFolder();
    connection = openForWriting(path.join(folder.path, 'test.db'), ['CREATE TABLE item (name TEXT UNIQUE)']);
  });
  afterEach(() => {
    connection.close();
    folder.remove();
  });

  const insert = (name: string) => connection.prepare('INSERT INTO item VALUES (?)').run(name);
  const names = () => connection.prepare('SELECT name FROM item ORDER BY name').pluck().all();

  /** Commits these requests as one group. */
  function commit(...requests: (() => unknown)[]) {
    const [first, ...rest] = requests;
    return commitGroup(
      connection,
      first as () => unknown,
      () => rest.shift(),
      request => request(),
    ).outcomes;
  }

  it('commits all that waits in one transaction', () => {
    let inTransaction = 0;
    const look = (name: string) => () => {
      inTransaction += Number(connection.inTransaction);
      return insert(name).changes;
    };
    const outcomes = commit(look('a'), look('b'), look('c'));
    assert.deepEqual(outcomes, [
      { ok: true, value: 1 },
      { ok: true, value: 1 },
      { ok: true, value: 1 },
    ]);
    assert.equal(inTransaction, 3);
    assert.ok(!connection.inTransaction);
    assert.deepEqual(names(), ['a', 'b', 'c']);
  });

  it('undoes a refused request alone, with all it had written', () => {
    const outcomes = commit(
      () => insert('a'),
      () => {
        insert('half');
        throw invalid('no more of these');
      },
      () => insert('b'),
    );
    assert.deepEqual(outcomes[1], {
      ok: false,
      refused: { error_code: 'INVALID_PARAMETER_VALUE', message: 'no more of these' },
    });
    assert.deepEqual(names(), ['a', 'b']);
  });

  it('undoes a defective request alone and tells its stack', () => {
    const outcomes = commit(
      () => insert('a'),
      () => {
        insert('half');
        throw new TypeError('a defect');
      },
      () => insert('a'),
    );
    assert.ok(outcomes[1] && 'defect' in outcomes[1] && outcomes[1].defect.includes('a defect'));
    assert.ok(outcomes[2] && 'defect' in outcomes[2] && outcomes[2].defect.includes('UNIQUE'));
    assert.deepEqual(names(), ['a']);
  });

  it('refuses the whole group when the database is full, and goes on when there is space again', () => {
    const pages = Number(connection.pragma('page_count', { simple: true }));
    connection.pragma(`max_page_count = ${pages}`);
    const outcomes = commit(
      () => insert('a'),
      () => insert('x'.repeat(100_000)),
    );
    for (const outcome of outcomes)
      assert.ok('refused' in outcome && outcome.refused.error_code === 'INSUFFICIENT_STORAGE');
    assert.deepEqual(names(), []);
    connection.pragma('max_page_count = 1000000');
    assert.deepEqual(
      commit(() => insert('a').changes),
      [{ ok: true, value: 1 }],
    );
    assert.deepEqual(names(), ['a']);
  });
});
