import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DvcReader, treeText } from '../../../../daemon/pipelines/dvc/content.ts';
import { DigestStore } from '../../../../daemon/pipelines/inputs/store.ts';

describe("DVC's digests", () => {
  let folder: string;
  let root: string;
  const reader = () => new DvcReader(new DigestStore(path.join(folder, 'digests.db')), root);

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'modelthat-dvc-')));
    root = path.join(folder, 'project');
    mkdirSync(root);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(name: string, content: string | Buffer = ''): string {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }
  const filesOf = (name: string) =>
    reader()
      .readWhole(path.join(root, name), 'md5')
      ?.tree?.map(([file]) => file);

  it('are those of the bytes of a file', () => {
    const file = write('a.txt', 'foo');
    const digest = 'acbd18db4cc2f85cedef654fccc4a4d8';
    const expected = { kind: 'file', digest, size: 3, files: null, executable: false };
    assert.deepEqual(reader().read(file, 'md5'), expected);
    chmodSync(file, 0o755);
    assert.deepEqual(reader().read(file, 'md5'), { ...expected, executable: process.platform !== 'win32' });
    assert.equal(reader().read(path.join(root, 'none'), 'md5'), null);
  });

  it("of a folder are those of DVC's list of its files", () => {
    // As DVC's own documentation has it.
    const tree = [
      ['cat.jpeg', 'de7371b0119f4f75f9de703c7c3bac16'],
      ['index.jpeg', '402e97968614f583ece3b35555971f64'],
    ] as const;
    assert.equal(
      treeText(tree),
      '[{"md5": "de7371b0119f4f75f9de703c7c3bac16", "relpath": "cat.jpeg"}, {"md5": "402e97968614f583ece3b35555971f64", "relpath": "index.jpeg"}]',
    );
    write('data/b/ü.txt', 'foo');
    write('data/a.txt', 'foo');
    mkdirSync(path.join(root, 'data/empty'));
    const found = reader().read(path.join(root, 'data'), 'md5');
    // By Python: hashlib.md5(json.dumps([…], sort_keys=True).encode()).
    assert.deepEqual(found, {
      kind: 'folder',
      digest: 'de263776a5a9d731a55d1a48fe83781c.dir',
      size: 6,
      files: 2,
      executable: false,
    });
  });

  it('order names as Python does', () => {
    for (const name of ['data/\u{1F600}', 'data/\uff5e', 'data/a', 'data/B']) write(name);
    assert.deepEqual(filesOf('data'), ['B', 'a', '\uff5e', '\u{1F600}']);
  });

  it('leave out what .dvcignore files name', () => {
    write('.dvcignore', '# rules\n*.tmp\n/data/cache/\n!keep.tmp\n');
    write('data/sub/../a.csv');
    for (const name of [
      'a.tmp',
      'keep.tmp',
      'cache/x',
      'sub/cache/y',
      '.git/z',
      'other/.dvc/config',
      'other/o',
    ])
      write(`data/${name}`);
    assert.deepEqual(filesOf('data'), ['a.csv', 'keep.tmp', 'sub/cache/y']);
    assert.deepEqual(filesOf('data/cache'), []);
    write('data/.dvcignore');
    assert.throws(() => filesOf('data'), /\.dvcignore lies in data, which DVC refuses/);
  });

  it('follow links to files, and none to folders', function () {
    if (process.platform === 'win32') return this.skip();
    write('elsewhere/x', 'foo');
    mkdirSync(path.join(root, 'data'));
    symlinkSync('../elsewhere/x', path.join(root, 'data/file'));
    symlinkSync('../elsewhere', path.join(root, 'data/folder'));
    assert.deepEqual(filesOf('data'), ['file']);
    symlinkSync(path.join(root, 'data'), path.join(root, 'linked'));
    assert.deepEqual(filesOf('linked'), ['file']);
  });

  it('of DVC 2 do not mind how lines of text end', () => {
    const [unix, windows] = [write('unix', 'a\nb\n'), write('windows', 'a\r\nb\r\n')];
    const read = (file: string, hash: 'md5' | 'md5-dos2unix') => reader().read(file, hash)?.digest;
    assert.equal(read(unix, 'md5-dos2unix'), read(windows, 'md5-dos2unix'));
    assert.equal(read(unix, 'md5-dos2unix'), read(unix, 'md5'));
    assert.notEqual(read(windows, 'md5'), read(unix, 'md5'));
    const binary = write('binary', Buffer.from([0, 13, 10, 1]));
    assert.equal(read(binary, 'md5-dos2unix'), read(binary, 'md5'));
  });
});
