import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { CodeReader } from '../../../daemon/pipelines/inputs/code.ts';
import { ContentReader } from '../../../daemon/pipelines/inputs/content.ts';
import { differences, keyOf, type StepInputs } from '../../../daemon/pipelines/inputs/model.ts';
import { importsOf } from '../../../daemon/pipelines/inputs/python.ts';
import { DigestStore } from '../../../daemon/pipelines/inputs/store.ts';
import { seenParams } from '../../../daemon/pipelines/params.ts';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'modelthat-inputs-')));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content = ''): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

describe('the imports of Python code', () => {
  it('are found in every form', () => {
    const code = [
      'import os, store.features as features  # import commented',
      'from store import (',
      '    model,  # the model',
      '    data as d,',
      ')',
      'def late():',
      '    from . import sibling',
      '    from ..package.module import *',
      "text = 'import not_this'",
    ].join('\n');
    assert.deepEqual(importsOf(code), [
      { level: 0, module: 'os', names: [] },
      { level: 0, module: 'store.features', names: [] },
      { level: 0, module: 'store', names: ['model', 'data'] },
      { level: 1, module: '', names: ['sibling'] },
      { level: 2, module: 'package.module', names: [] },
    ]);
  });

  it('are found in code that is being typed', () => {
    assert.deepEqual(importsOf('import a\nfrom b import\ndef f(:\n  import c')[0]?.module, 'a');
  });
});

describe('the code of a step', () => {
  const codeOf = (...commands: string[][]) =>
    new CodeReader(folder)
      .codeOf({ commands, cwd: folder, pythonPath: undefined })
      .map(file => path.relative(folder, file));

  it('is the module that a command names, with all that it imports from the workspace', () => {
    write('shop/__init__.py', 'from . import settings');
    write('shop/train.py', 'import numpy\nfrom shop.data import load\nfrom .models import forest');
    write('shop/data.py', 'import helper');
    write('shop/models/__init__.py');
    write('shop/models/forest.py', 'from ..data import load');
    write('shop/settings.py');
    write('shop/unused.py');
    write('src/helper.py');
    assert.deepEqual(codeOf(['python', '-u', '-m', 'shop.train', '--fast']), [
      'shop/__init__.py',
      'shop/data.py',
      'shop/models/__init__.py',
      'shop/models/forest.py',
      'shop/settings.py',
      'shop/train.py',
      'src/helper.py',
    ]);
  });

  it('is the script that a command names, wherever the command has it, with its neighbours', () => {
    write('scripts/train.py', 'import common');
    write('scripts/common.py');
    write('run.sh');
    assert.deepEqual(codeOf(['uv', 'run', 'python', 'scripts/train.py'], ['sh', 'run.sh'], ['./missing']), [
      'run.sh',
      'scripts/common.py',
      'scripts/train.py',
    ]);
  });

  it('ends at modules that import each other', () => {
    write('a.py', 'import b');
    write('b.py', 'import a');
    assert.deepEqual(codeOf(['python3', '-c', 'import a']), ['a.py', 'b.py']);
  });

  it('is not what lies outside the workspace', () => {
    const outside = write('outside/secret.py');
    const inner = path.join(folder, 'workspace');
    mkdirSync(inner);
    symlinkSync(outside, path.join(inner, 'linked.py'));
    const reader = new CodeReader(inner);
    const commands = [
      ['python', '../outside/secret.py'],
      ['python', 'linked.py'],
    ];
    assert.deepEqual(reader.codeOf({ commands, cwd: inner, pythonPath: undefined }), []);
  });
});

describe('what a path holds', () => {
  const reader = () => new ContentReader(new DigestStore(path.join(folder, 'digests.db')));

  it('depends on the names and the bytes of files, and on nothing else', () => {
    for (const name of ['one', 'two']) {
      write(`${name}/a.csv`, 'a');
      write(`${name}/deep/b.csv`, 'b');
    }
    write('two/__pycache__/a.pyc', 'made by Python');
    const [one, two] = ['one', 'two'].map(name => reader().read(path.join(folder, name)));
    assert.equal(one?.digest, two?.digest);
    assert.deepEqual([one?.kind, one?.size], ['folder', 2]);
    write('two/deep/c.csv');
    assert.notEqual(reader().read(path.join(folder, 'two'))?.digest, one?.digest);
  });

  it('is seen anew after a write that keeps the size', () => {
    const file = write('a.csv', 'one');
    const content = reader();
    const first = content.read(file)?.digest;
    for (const text of ['two', 'six', 'one']) {
      write('a.csv', text);
      assert.equal(content.read(file)?.digest === first, text === 'one', text);
    }
  });

  it('is read by several threads at the same time, none of which stands in the way of another', () => {
    const file = path.join(folder, 'shared.db');
    const [one, other] = [new DigestStore(file), new DigestStore(file)];
    one.together(() => {
      assert.equal(one.find('a', 'sha256', '1'), undefined);
      other.together(() => other.save('a', 'sha256', '1', 'aa'));
      one.save('b', 'sha256', '2', 'bb');
    });
    assert.deepEqual([one.find('a', 'sha256', '1'), other.find('b', 'sha256', '2')], ['aa', 'bb']);
  });

  it('is known to threads that begin at the same moment', async () => {
    const gate = new Int32Array(new SharedArrayBuffer(8));
    const program = `
      const { workerData, parentPort } = require('node:worker_threads');
      import(workerData.store).then(({ DigestStore }) => {
        const stores = [];
        for (let round = 0; round < workerData.rounds; round += 1) {
          // All begin a round together.
          Atomics.add(workerData.gate, 0, 1);
          for (let turns = 0; Atomics.load(workerData.gate, 0) < workerData.threads * (round + 1); turns += 1)
            if (turns > 1e9) throw new Error('the other thread is gone');
          stores.push(new DigestStore(workerData.file + round));
        }
        parentPort.postMessage(stores.length);
      });`;
    const store = new URL('../../../daemon/pipelines/inputs/store.ts', import.meta.url).href;
    const [threads, rounds] = [2, 20];
    const workerData = { store, gate, threads, rounds, file: path.join(folder, 'together') };
    const opened = Array.from({ length: threads }, async () => {
      const worker = new Worker(program, { eval: true, workerData });
      const [count] = await once(worker, 'message');
      return count;
    });
    assert.deepEqual(await Promise.all(opened), [rounds, rounds]);
  });

  it('is found out without a place to remember it, and with a damaged one', () => {
    mkdirSync(path.join(folder, 'taken.db'));
    writeFileSync(path.join(folder, 'damaged.db'), 'no database '.repeat(1000));
    for (const name of ['taken.db', 'damaged.db']) {
      const digests = new DigestStore(path.join(folder, name));
      digests.save('a', 'sha256', '1', 'aa');
      assert.equal(digests.find('a', 'sha256', '1'), 'aa', name);
    }
    assert.equal(new DigestStore(path.join(folder, 'damaged.db')).find('a', 'sha256', '1'), 'aa');
  });

  it('is nothing where nothing is', () => {
    assert.equal(reader().read(path.join(folder, 'missing')), null);
  });
});

describe('the inputs of a step', () => {
  const inputs: StepInputs = {
    commands: [['python', '-m', 'train']],
    cwd: '',
    env: {},
    params: { 'features.lags': [7, 14], lr: 0.1 },
    deps: { 'data/raw': 'aa' },
    code: { 'train.py': 'bb' },
    environment: 'cc',
    makes: ['model.json'],
    register: null,
  };

  it('have a name that does not depend on their order', () => {
    const other = { ...inputs, params: { lr: 0.1, 'features.lags': [7, 14] } };
    assert.equal(keyOf(other), keyOf(inputs));
    assert.notEqual(keyOf({ ...inputs, params: { lr: 0.1, 'features.lags': [14, 7] } }), keyOf(inputs));
  });

  it('differ in words that a person understands', () => {
    const now: StepInputs = {
      ...inputs,
      commands: [['python', '-m', 'train', '--fast']],
      env: { THREADS: '2' },
      params: { 'features.lags': [7, 14, 28], depth: 4 },
      deps: { 'data/raw': 'dd', 'rows.json': 'ee' },
      code: {},
      environment: 'ff',
    };
    assert.deepEqual(
      differences(inputs, now).map(({ text }) => text),
      [
        'parameter depth: none → 4',
        'parameter features.lags: [7,14] → [7,14,28]',
        'parameter lr: 0.1 → none',
        'data/raw changed',
        'rows.json is new',
        'code train.py is no longer used',
        'command: python -m train → python -m train --fast',
        'variable THREADS: none → "2"',
        'the Python environment changed',
      ],
    );
    assert.deepEqual(differences(inputs, inputs), []);
  });
});

describe('the parameters that a step sees', () => {
  const params = { data: { seed: 42, stores: 3 }, train: { rounds: 5 }, name: 'x' };

  it('are those that it names, groups as a whole', () => {
    assert.deepEqual(seenParams(params, ['data', 'train.rounds']), {
      data: { seed: 42, stores: 3 },
      train: { rounds: 5 },
    });
    assert.deepEqual(seenParams(params, ['data.seed', 'data']), { data: params.data });
    assert.deepEqual(seenParams(params, []), {});
  });

  it('are all when it names none, and the file’s own stay as they are', () => {
    assert.equal(seenParams(params, null), params);
    seenParams(params, ['data.seed', 'data.stores', 'train']);
    assert.deepEqual(params, { data: { seed: 42, stores: 3 }, train: { rounds: 5 }, name: 'x' });
  });
});
