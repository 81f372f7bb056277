import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import type { DataNode } from '../../../daemon/contract/lineage.ts';
import { DataFacts } from '../../../daemon/lineage/data-facts.ts';
import { temporaryFolder } from '../../support/database.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';

const PARQUET = `
import sys, datetime, pyarrow as pa, pyarrow.parquet as pq
table = pa.table({
    "id": pa.array([1, 2, 3], pa.int64()), "name": ["a", "b", None], "share": [0.5, 0.25, 0.1],
    "open": [True, False, True], "day": pa.array([datetime.date(2026, 1, 1)] * 3),
    "at": pa.array([datetime.datetime(2026, 1, 1)] * 3, pa.timestamp("us")),
    "place": [{"x": 1, "y": 2}] * 3, "tags": [["a"], [], ["b", "c"]],
})
pq.write_table(table, sys.argv[1])
many = pa.table({f"column_{n:05}": [n] for n in range(2000)})
pq.write_table(many, sys.argv[2])
`;

describe('rows and columns of data', () => {
  const folder = temporaryFolder();
  let cache: string;
  before(() => {
    cache = path.join(folder.path, 'cache');
    fs.mkdirSync(cache);
  });
  after(() => folder.remove());

  const digestOf = (content: string | Buffer, algorithm = 'sha256') =>
    createHash(algorithm).update(content).digest('hex');

  async function factsOf(name: string, content: string | Buffer, more: Partial<DataNode> = {}) {
    const file = path.join(folder.path, name);
    if (more.file === undefined) fs.writeFileSync(file, content);
    const node: DataNode = {
      ...{ id: `data:${name}`, kind: 'data', label: name, path: name, dvc: null, size: null },
      ...{ digest: digestOf(content), rows: null, schema: null, file, ...more },
    };
    const [found] = await new DataFacts(cache).complete([node]);
    return [found?.rows, found?.schema?.map(each => `${each.name} ${each.type}`)] as const;
  }

  it('are read of CSV with quotes, line breaks in them, and a byte order mark', async () => {
    const text =
      '\uFEFFid,"store, name",share,empty\r\n1,"a ""b""",0.5,\r\n2,"two\r\nlines",1e3,\r\n3,plain,-2,\r\n';
    assert.deepEqual(await factsOf('odd.csv', text), [
      3,
      ['id integer', 'store, name string', 'share number', 'empty '],
    ]);
    assert.deepEqual(await factsOf('end.tsv', 'a\tb\n1\tx'), [1, ['a integer', 'b string']]);
    assert.deepEqual(await factsOf('empty.csv', ''), [0, undefined]);
  });

  it('are not read of a file that holds something else by now, nor of one of another kind', async () => {
    const other = { digest: digestOf('of before') };
    assert.deepEqual(await factsOf('changed.csv', 'a\n1\n', other), [null, undefined]);
    assert.deepEqual(await factsOf('model.bin', 'a\n1\n'), [null, undefined]);
    assert.deepEqual(await factsOf('gone.csv', 'a\n1\n', { file: '/nowhere/gone.csv' }), [null, undefined]);
    const dvc = { digest: digestOf('a\n1\n', 'md5') };
    assert.deepEqual(await factsOf('dvc.csv', 'a\n1\n', dvc), [1, ['a integer']]);
  });

  it('are read of outputs in the cache, whatever lies in their place', async () => {
    const digest = digestOf('x,y\n1,2\n');
    fs.mkdirSync(path.join(cache, 'objects', digest.slice(0, 2)), { recursive: true });
    fs.writeFileSync(path.join(cache, 'objects', digest.slice(0, 2), digest.slice(2)), 'x,y\n1,2\n');
    assert.deepEqual(await factsOf('now.csv', 'other\n', { digest }), [1, ['x integer', 'y integer']]);
  });

  it('stay as a run logged them', async () => {
    const logged = { rows: 7, schema: [{ name: 'a', type: 'long' }] };
    assert.deepEqual(await factsOf('logged.csv', 'a,b\n1,2\n', logged), [7, ['a long']]);
  });

  it('come with what DVC calls the version, where a .dvc file beside it names it', async () => {
    const content = 'a\n1\n';
    const node = (digest: string): DataNode => ({
      ...{ id: 'data:kept.csv', kind: 'data', label: 'kept.csv', path: 'kept.csv', dvc: null, size: null },
      ...{ digest, rows: null, schema: null, file: path.join(folder.path, 'kept.csv') },
    });
    fs.writeFileSync(path.join(folder.path, 'kept.csv'), content);
    const dvcFile = (md5: string) => `outs:\n- md5: ${md5}\n  size: 4\n  hash: md5\n  path: kept.csv\n`;
    const nameOf = async (text: string, digest = digestOf(content)) => {
      fs.writeFileSync(path.join(folder.path, 'kept.csv.dvc'), text);
      const [found] = await new DataFacts(cache).complete([node(digest)]);
      return found?.dvc;
    };
    assert.equal(await nameOf(dvcFile(digestOf(content, 'md5'))), digestOf(content, 'md5'));
    assert.equal(await nameOf(dvcFile(digestOf('another', 'md5'))), null);
    assert.equal(await nameOf(dvcFile(digestOf(content, 'md5')), digestOf('of before')), null);
    for (const text of ['', 'outs: 7', ': [', 'a: &a [*a, *a]']) assert.equal(await nameOf(text), null, text);
  });

  it('are read of the end of a Parquet file', async function () {
    this.timeout(300_000);
    const python = await ensurePythonEnvironment(
      path.resolve(import.meta.dirname, '../../python/requirements.txt'),
    );
    const [file, wide] = ['t.parquet', 'wide.parquet'].map(name => path.join(folder.path, name)) as [
      string,
      string,
    ];
    await execa(python, ['-c', PARQUET, file, wide]);
    assert.deepEqual(await factsOf('t.parquet', fs.readFileSync(file)), [
      3,
      [
        ...['id int64', 'name string', 'share double', 'open boolean', 'day date', 'at timestamp'],
        ...['place group', 'tags group'],
      ],
    ]);
    const [rows, columns] = await factsOf('wide.parquet', fs.readFileSync(wide));
    assert.deepEqual([rows, columns?.length, columns?.at(-1)], [1, 2000, 'column_01999 int64']);
    const whole = fs.readFileSync(file);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        // Nothing is thrown, and nothing is read for ever.
        await factsOf('damaged.parquet', damaged);
      }),
      { numRuns: 200 },
    );
  });
});
