/** What better-sqlite3 alone does with the same bodies on one thread: parse and insert, a synced transaction for each. */
import fs from 'node:fs';
import path from 'node:path';
import SQLite from 'better-sqlite3';

/** @returns metrics per second */
export function baseline(folder: string, bodies: readonly string[]): number {
  const file = path.join(folder, 'baseline.db');
  const database = new SQLite(file);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE metric (run TEXT, key TEXT, step INTEGER, timestamp INTEGER, value REAL)');
  const insert = database.prepare('INSERT INTO metric VALUES (?, ?, ?, ?, ?)');
  const buffers = bodies.map(body => Buffer.from(body));
  let count = 0;
  const insertAll = database.transaction((body: Buffer) => {
    const { run_id, metrics } = JSON.parse(body.toString());
    for (const { key, step, timestamp, value } of metrics) insert.run(run_id, key, step, timestamp, value);
    count += metrics.length;
  });
  const start = performance.now();
  for (const body of buffers) insertAll(body);
  const seconds = (performance.now() - start) / 1000;
  database.close();
  for (const name of fs.globSync('baseline.db*', { cwd: folder })) fs.rmSync(path.join(folder, name));
  return count / seconds;
}
