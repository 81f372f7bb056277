import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LockEntry } from '../../../../daemon/pipelines/dvc/lock-entry.ts';
import { LockFile } from '../../../../daemon/pipelines/dvc/lock-file.ts';
import { type PythonDict, PythonTime, type PythonValue } from '../../../../daemon/pipelines/dvc/python.ts';

describe('dvc.lock', () => {
  let folder: string;
  const place = () => path.join(folder, 'dvc.lock');
  const written = () => readFileSync(place(), 'utf8');

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'modelthat-dvc-')));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string, digest: string) => ({
    path: name,
    hash: 'md5' as const,
    digest,
    size: 6,
    files: null,
    executable: false,
  });

  const TRAIN: LockEntry = {
    cmd: 'python train.py',
    deps: [
      { ...file('src/train.py', 'b'.repeat(32)), executable: true },
      { ...file('data', `${'a'.repeat(32)}.dir`), files: 2 },
    ],
    params: new Map<string, PythonDict>([
      ['other.json', new Map([['a.b', null]])],
      [
        'params.yaml',
        new Map<string, PythonValue>([
          ['seed', 12345678901234567890n],
          ['lr', 1e-5],
          ['epochs', 3n],
          ['decay', 1],
          ['big', 1e16],
          ['lags', [7n, 14n]],
          ['name', '2.0'],
          ['flag', true],
          ['day', '2026-01-02'],
          ['since', new PythonTime('2026-01-02')],
        ]),
      ],
    ]),
    outs: [file('model.pkl', 'c'.repeat(32))],
  };

  const TRAIN_TEXT = `  train:
    cmd: python train.py
    deps:
    - path: data
      hash: md5
      md5: ${'a'.repeat(32)}.dir
      size: 6
      nfiles: 2
    - path: src/train.py
      hash: md5
      md5: ${'b'.repeat(32)}
      size: 6
      isexec: true
    params:
      params.yaml:
        big: 1e+16
        day: '2026-01-02'
        decay: 1.0
        epochs: 3
        flag: true
        lags:
        - 7
        - 14
        lr: 1e-05
        name: '2.0'
        seed: 12345678901234567890
        since: 2026-01-02
      other.json:
        a.b:
    outs:
    - path: model.pkl
      hash: md5
      md5: ${'c'.repeat(32)}
      size: 6
`;

  it('is written as DVC writes it, in its order', () => {
    new LockFile(place()).save('train', TRAIN);
    assert.equal(written(), `schema: '2.0'\nstages:\n${TRAIN_TEXT}`);
    assert.deepEqual(readdirSync(folder), ['dvc.lock']);
  });

  it('gives back what was written', () => {
    new LockFile(place()).save('train', TRAIN);
    const entry = new LockFile(place()).entry('train');
    assert.equal(entry?.cmd, TRAIN.cmd);
    assert.deepEqual(
      entry?.deps.map(({ path: name, files, executable }) => [name, files, executable]),
      [
        ['data', 2, false],
        ['src/train.py', null, true],
      ],
    );
    const params = entry?.params.get('params.yaml');
    assert.deepEqual(
      ['seed', 'lr', 'decay', 'name', 'day'].map(name => params?.get(name)),
      [12345678901234567890n, 1e-5, 1, '2.0', '2026-01-02'],
    );
    assert.ok(params?.get('since') instanceof PythonTime);
    assert.equal(new LockFile(place()).entry('other'), undefined);
  });

  const OTHERS = `schema: '2.0'
# made by hand
stages:
  prepare:   # first
    cmd: 'a "long" command

      of two lines'
    outs:
    - path: data   # the data
      md5: ${'d'.repeat(32)}
  # between
  'train':
    cmd: old
  zzz@1.5:
    cmd:
    - one
    - two
datasets:
- name: x
`;

  it('keeps all other entries, comments and keys to the letter', () => {
    writeFileSync(place(), OTHERS.replace('prepare:   # first', 'prepare:'));
    const lock = new LockFile(place());
    lock.save('train', TRAIN);
    lock.save('new', { ...TRAIN, params: new Map(), deps: [] });
    const expected = OTHERS.replace('prepare:   # first', 'prepare:')
      .replace(`  'train':\n    cmd: old\n`, TRAIN_TEXT)
      .replace(
        'datasets:',
        `  new:\n    cmd: python train.py\n    outs:\n    - path: model.pkl\n      hash: md5\n      md5: ${'c'.repeat(32)}\n      size: 6\ndatasets:`,
      );
    assert.equal(written(), expected);
    assert.deepEqual(lock.entry('zzz@1.5')?.cmd, ['one', 'two']);
    assert.equal(lock.entry('prepare')?.cmd, 'a "long" command\nof two lines');
    assert.equal(lock.entry('prepare')?.outs[0]?.hash, 'md5-dos2unix');
  });

  it('reads and keeps a file of another layout', () => {
    writeFileSync(place(), OTHERS);
    const lock = new LockFile(place());
    assert.equal(lock.entry('prepare')?.cmd, 'a "long" command\nof two lines');
    lock.save('train', TRAIN);
    assert.match(written(), /# made by hand[\s\S]*# first[\s\S]*# between/);
    assert.equal(new LockFile(place()).entry('train')?.cmd, 'python train.py');
    writeFileSync(place(), `{schema: '2.0', stages: {train: {cmd: x}}}`);
    assert.equal(lock.entry('train')?.cmd, 'x');
  });

  it('sees what another process wrote', () => {
    const lock = new LockFile(place());
    lock.save('train', TRAIN);
    new LockFile(place()).save('train', { ...TRAIN, cmd: 'another' });
    assert.equal(lock.entry('train')?.cmd, 'another');
    rmSync(place());
    assert.equal(lock.entry('train'), undefined);
  });

  it('keeps commands of several lines', () => {
    const lock = new LockFile(place());
    for (const cmd of [
      'a\nb\n',
      "it's  \n\n \tx",
      'x'.repeat(300),
      `echo ${'word '.repeat(60)}`,
      ['a: b', '# c'],
    ]) {
      lock.save('train', { ...TRAIN, cmd });
      assert.deepEqual(new LockFile(place()).entry('train')?.cmd, cmd);
    }
  });

  it('refuses a file that is none, and says what to do', () => {
    const entryOf = (text: string) => () => {
      writeFileSync(place(), text);
      return new LockFile(place()).entry('train');
    };
    assert.throws(entryOf('train:\n  cmd: x\n'), /its schema is not 2.0 but null.*remove it/);
    assert.throws(entryOf("schema: '2.0'\nstages:\n<<<<<<< HEAD\n  train:\n"), /cannot be read/);
    assert.throws(
      entryOf("schema: '2.0'\nstages:\n  train:\n    deps: x\n"),
      /“train” is damaged: it has no cmd/,
    );
  });
});
