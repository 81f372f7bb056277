/** The audit log as people see it, and every way in which it can be tampered with. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import Sqlite, { type Database as Connection } from 'better-sqlite3';
import { execa } from 'execa';
import { GENESIS, hashAfter } from '../../../daemon/audit/chain.ts';
import {
  type AuditEntry,
  type AuditVerification,
  listAudit,
  verifyAudit,
} from '../../../daemon/contract/audit.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { MlflowWire } from '../../support/mlflow.ts';

describe('the audit log', () => {
  let daemon: TestDaemon;
  let database: string;
  let anchor: string;
  let runId: string;

  before(async () => {
    daemon = await startDaemon();
    database = path.join(daemon.place.store, 'modelthat.db');
    anchor = path.join(daemon.place.state, 'audit-anchor');
    const mlflow = new MlflowWire(daemon);
    const run = await mlflow.startRun();
    runId = run.runId;
    await mlflow.upload(`${run.artifacts}/model/MLmodel`, 'flavors: {}');
  });
  after(async () => {
    await daemon.stop();
    daemon.place.remove();
  });

  const call = async (method: string, route: string, body: object) => {
    const response = await daemon.trackingClient.fetch(`/api/2.0/mlflow/${route}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200);
  };
  const audit = (...args: string[]) => modelthat(daemon.place, 'audit', ...args);
  const all = async () => {
    const { items } = await daemon.client.call(listAudit, { query: { order: 'oldest' } });
    return items;
  };

  it('keeps every change of a model and its versions, with who, before and after', async () => {
    const version = { name: 'sales', version: '1' };
    await call('POST', 'registered-models/create', {
      name: 'sale',
      tags: [{ key: 'team', value: 'retail' }],
    });
    await call('POST', 'registered-models/rename', { name: 'sale', new_name: 'sales' });
    await call('PATCH', 'registered-models/update', { name: 'sales', description: 'forecasts' });
    await call('POST', 'registered-models/set-tag', { name: 'sales', key: 'team', value: 'stores' });
    await call('DELETE', 'registered-models/delete-tag', { name: 'sales', key: 'team' });
    const { exitCode } = await modelthat(daemon.place, 'models', 'register', 'sales', runId);
    assert.equal(exitCode, 0);
    await call('PATCH', 'model-versions/update', { ...version, description: 'the first' });
    await call('POST', 'model-versions/set-tag', { ...version, key: 'checked', value: 'yes' });
    await call('DELETE', 'model-versions/delete-tag', { ...version, key: 'checked' });
    await call('POST', 'registered-models/alias', { ...version, alias: 'champion' });
    await call('DELETE', 'registered-models/alias', { name: 'sales', alias: 'champion' });
    await call('DELETE', 'model-versions/delete', version);
    await call('DELETE', 'registered-models/delete', { name: 'sales' });

    const entries = await all();
    const short = (entry: AuditEntry) => [
      entry.action,
      entry.model,
      entry.version,
      entry.before,
      entry.after,
    ];
    const made = entries.find(entry => entry.action === 'version.create')?.after as { source: string };
    const known = { stage: 'None', source: made.source, runId, tags: {}, aliases: [] };
    assert.deepEqual(entries.map(short), [
      ['model.create', 'sale', null, null, { description: '', tags: { team: 'retail' } }],
      ['model.rename', 'sale', null, { name: 'sale' }, { name: 'sales' }],
      ['model.describe', 'sales', null, { description: '' }, { description: 'forecasts' }],
      ['tag.set', 'sales', null, { key: 'team', value: 'retail' }, { key: 'team', value: 'stores' }],
      ['tag.delete', 'sales', null, { key: 'team', value: 'stores' }, null],
      ['version.create', 'sales', 1, null, { ...known, description: '' }],
      ['version.describe', 'sales', 1, { description: '' }, { description: 'the first' }],
      ['tag.set', 'sales', 1, null, { key: 'checked', value: 'yes' }],
      ['tag.delete', 'sales', 1, { key: 'checked', value: 'yes' }, null],
      ['alias.set', 'sales', 1, null, { alias: 'champion', version: 1 }],
      ['alias.delete', 'sales', 1, { alias: 'champion', version: 1 }, null],
      ['version.delete', 'sales', 1, { ...known, description: 'the first' }, null],
      [
        'model.delete',
        'sales',
        null,
        { description: 'forecasts', tags: {}, aliases: {}, versions: [] },
        null,
      ],
    ]);
    const subject = userInfo().username;
    assert.deepEqual(
      [entries[0]?.actor, entries[5]?.actor],
      [
        { subject, role: 'tracking', claimed: true, via: 'mlflow' },
        { subject, role: 'owner', claimed: true, via: 'native' },
      ],
    );
  });

  it('says nothing of calls that change nothing, or fail', async () => {
    const before = (await all()).length;
    await call('POST', 'registered-models/create', { name: 'other' });
    await call('DELETE', 'registered-models/delete-tag', { name: 'other', key: 'none' });
    await call('PATCH', 'registered-models/update', { name: 'other', description: '' });
    await assert.rejects(call('POST', 'registered-models/create', { name: 'other' }));
    assert.equal((await all()).length, before + 1);
  });

  it('is listed by model and version, and a page at a time', async () => {
    const ofVersion = await daemon.trackingClient.call(listAudit, { query: { model: 'sales', version: 1 } });
    assert.deepEqual(
      ofVersion.items.map(entry => entry.number),
      [12, 11, 10, 9, 8, 7, 6],
    );
    const first = await daemon.client.call(listAudit, { query: { limit: 10 } });
    const pageToken = first.nextPageToken;
    const rest = await daemon.client.call(listAudit, {
      query: { limit: 10, ...(pageToken ? { pageToken } : {}) },
    });
    assert.deepEqual(
      [first.items.at(-1)?.number, rest.items[0]?.number, rest.nextPageToken],
      [5, 4, undefined],
    );
    await assert.rejects(daemon.client.call(listAudit, { query: { version: 1 } }), {
      message: /of which model/,
    });

    assert.match((await audit('ls', '--model', 'other')).stdout, /14 .* model\.create +other/);
    const lines = (await audit('export')).stdout.split('\n').map(line => JSON.parse(line) as AuditEntry);
    assert.deepEqual(lines, await all());
  });

  it('holds as the daemon checks it, with every entry anchored', async () => {
    const found = await daemon.trackingClient.call(verifyAudit, {});
    assert.deepEqual(
      [found.entries, found.head?.number, found.anchored, found.problems, found.unwitnessed],
      [14, 14, 14, [], []],
    );
    assert.equal(fs.statSync(anchor).mode & 0o777, 0o600);
  });

  it('cannot be changed by statements', () => {
    const connection = new Sqlite(database);
    try {
      assert.throws(() => connection.exec("UPDATE audit_entry SET fact = '{}'"), /append-only/);
      assert.throws(() => connection.exec('DELETE FROM audit_entry'), /append-only/);
    } finally {
      connection.close();
    }
  });

  it('is noted in git where that is asked for', async () => {
    assert.match((await audit('note')).stderr, /no work tree of git/);
    const git = (...args: string[]) => execa('git', ['-C', daemon.place.workspace, ...args]);
    await git('init', '--quiet');
    const person = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org'];
    await git(...person, 'commit', '--quiet', '--allow-empty', '-m', 'first');
    assert.match((await audit('note')).stdout, /^Noted entry 14 at commit [0-9a-f]{40}\.$/);
    const { stdout } = await git('notes', '--ref=modelthat-audit', 'show');
    assert.match(stdout, /^14 [0-9a-f]{64} \.modelthat$/);
    assert.deepEqual((await daemon.client.call(verifyAudit, {})).problems, []);
  });

  describe('while no daemon runs', () => {
    let sound: { database: Buffer; anchor: Buffer };
    before(async () => {
      await daemon.stop();
      sound = { database: fs.readFileSync(database), anchor: fs.readFileSync(anchor) };
    });
    afterEach(() => {
      fs.rmSync(`${database}-wal`, { force: true });
      fs.rmSync(`${database}-shm`, { force: true });
      fs.writeFileSync(database, sound.database);
      fs.writeFileSync(anchor, sound.anchor);
    });

    /** Changes the database as somebody would who can write to the file. */
    const tamper = (change: (connection: Connection) => void) => {
      const connection = new Sqlite(database);
      connection.exec('DROP TRIGGER audit_entry_is_append_only; DROP TRIGGER audit_entry_is_kept');
      change(connection);
      connection.close();
    };
    const verify = async () => {
      const { stdout, exitCode } = await audit('verify', '--json');
      return { found: JSON.parse(stdout) as AuditVerification, exitCode };
    };
    const problems = async () => {
      const { found, exitCode } = await verify();
      assert.equal(exitCode, found.problems.length > 0 ? 1 : 0);
      return found.problems.map(({ number, problem }) => `${number}: ${problem}`);
    };

    it('it holds', async () => {
      const { stdout, exitCode } = await audit('verify');
      assert.match(stdout, /^ok +14 entries, the newest 14 [0-9a-f]{64}$/);
      assert.equal(exitCode, 0);
    });

    it('a changed entry is found', async () => {
      tamper(connection => {
        connection.exec("UPDATE audit_entry SET fact = replace(fact, 'yes', 'no') WHERE number = 8");
      });
      assert.deepEqual(await problems(), ['8: its content is not what its hash was made of']);
    });

    it('one whose model, version or time was changed beside its content is found', async () => {
      tamper(connection => {
        connection.exec("UPDATE audit_entry SET model = 'other' WHERE number = 3");
        connection.exec('UPDATE audit_entry SET version = 2 WHERE number = 7');
        connection.exec('UPDATE audit_entry SET at = at + 1 WHERE number = 9');
      });
      assert.deepEqual(
        await problems(),
        [3, 7, 9].map(number => `${number}: its content is not what its hash was made of`),
      );
    });

    it('a deleted entry is found', async () => {
      tamper(connection => {
        connection.exec('DELETE FROM audit_entry WHERE number = 5');
      });
      assert.deepEqual(await problems(), ['5: it is missing, so that what entry 6 says cannot be checked']);
    });

    it('a tail that was cut off is found', async () => {
      tamper(connection => {
        connection.exec('DELETE FROM audit_entry WHERE number > 11');
      });
      assert.deepEqual(await problems(), ['12: entries 12 to 14 were cut off']);
    });

    it('a log that was emptied is found', async () => {
      tamper(connection => {
        connection.exec('DELETE FROM audit_entry');
      });
      assert.deepEqual(await problems(), ['1: entries 1 to 14 were cut off']);
    });

    it('a chain that was rewritten with all hashes is found, from the first changed entry on', async () => {
      tamper(connection => {
        connection.exec(
          "UPDATE audit_entry SET fact = replace(fact, 'the first', 'approved') WHERE number = 7",
        );
        rehash(connection);
      });
      assert.deepEqual(
        await problems(),
        [7, 8, 9, 10, 11, 12, 13, 14].map(number => `${number}: it is not the one that was anchored`),
      );
    });

    it('an entry that was replayed is found, with its old hash and with a new one', async () => {
      const replay = `INSERT INTO audit_entry SELECT 15, at, model, version, fact, hash FROM audit_entry WHERE number = 10`;
      tamper(connection => {
        connection.exec(replay);
      });
      assert.deepEqual(await problems(), ['15: its content is not what its hash was made of']);
      tamperAgain(connection => rehash(connection));
      const { found } = await verify();
      assert.deepEqual(found.unwitnessed, [{ from: 15, to: 15 }]);
      assert.match((await audit('verify')).stdout, /warn entry 15: not anchored by the daemon that wrote it/);
    });

    it('a log that was rewritten together with its anchor is found by a note of git', async () => {
      tamper(connection => {
        connection.exec(
          "UPDATE audit_entry SET fact = replace(fact, 'the first', 'approved') WHERE number = 7",
        );
        rehash(connection);
        const links = connection.prepare<[], { number: number; hash: string }>(
          'SELECT number, hash FROM audit_entry ORDER BY number',
        );
        fs.writeFileSync(
          anchor,
          links
            .all()
            .map(({ number, hash }) => `${number} ${hash}\n`)
            .join(''),
        );
      });
      assert.deepEqual(await problems(), ['14: it is not the one that a note of git has']);
    });

    it('an anchor that was begun anew vouches for nothing that was there before', async () => {
      fs.rmSync(anchor);
      const later = await startDaemon({ place: daemon.place });
      const found = await later.client.call(verifyAudit, {});
      await later.stop();
      assert.deepEqual(found.unwitnessed, [{ from: 1, to: 14 }]);
    });

    it('a daemon does not anchor what was tampered with, and goes on recording', async () => {
      tamper(connection => {
        connection.exec('DELETE FROM audit_entry WHERE number = 14');
      });
      const later = await startDaemon({ place: daemon.place });
      await later.client.fetch('/api/2.0/mlflow/registered-models/create', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'another' }),
      });
      const found = await later.client.call(verifyAudit, {});
      await later.stop();
      assert.deepEqual(found.problems, [{ number: 14, problem: 'it is not the one that was anchored' }]);
      assert.equal(fs.readFileSync(anchor, 'utf8'), sound.anchor.toString());
    });

    it('a line of the anchor that a power cut left unfinished is made anew', async () => {
      const lines = sound.anchor.toString();
      fs.writeFileSync(anchor, lines.slice(0, -20));
      const later = await startDaemon({ place: daemon.place });
      const found = await later.client.call(verifyAudit, {});
      await later.stop();
      assert.deepEqual([found.problems, found.unwitnessed], [[], [{ from: 14, to: 14 }]]);
    });

    function tamperAgain(change: (connection: Connection) => void): void {
      const connection = new Sqlite(database);
      change(connection);
      connection.close();
    }
  });
});

/** Computes every hash anew, as somebody would who knows how it is done. */
function rehash(connection: Connection): void {
  let before = GENESIS;
  const rows = connection.prepare<[], { number: number; at: number; fact: string }>(
    'SELECT number, at, fact FROM audit_entry ORDER BY number',
  );
  for (const { number, at, fact } of rows.all()) {
    before = hashAfter(before, { ...JSON.parse(fact), number, at });
    connection.prepare('UPDATE audit_entry SET hash = ? WHERE number = ?').run(before, number);
  }
}
