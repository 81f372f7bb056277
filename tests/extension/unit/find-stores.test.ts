import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findStores } from '../../../extension/daemon/find-stores.ts';

describe('the stores of a folder', () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'modelthat-stores-')));
    // A project of its own, so that nothing above the temporary folder is found.
    mkdirSync(path.join(root, '.git'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const at = (...parts: string[]) => path.join(root, ...parts);
  const project = (...parts: string[]) => {
    mkdirSync(at(...parts), { recursive: true });
    writeFileSync(at(...parts, 'modelthat.yaml'), 'steps: {}\n');
  };

  it('are one, not in use, for a folder that has nothing', () => {
    assert.deepEqual(findStores(root, ''), [{ store: at('.modelthat'), inUse: false }]);
  });

  it('are found by walking up', () => {
    mkdirSync(at('.modelthat'));
    mkdirSync(at('src'));
    assert.deepEqual(findStores(at('src'), ''), [{ store: at('.modelthat'), inUse: true }]);
  });

  it('are those of nested projects', () => {
    project('a');
    project('b');
    assert.deepEqual(findStores(root, ''), [
      { store: at('a', '.modelthat'), inUse: true },
      { store: at('b', '.modelthat'), inUse: true },
    ]);
  });

  it('are one for the root and a nested pipeline when the root has a store', () => {
    mkdirSync(at('.modelthat'));
    project('a');
    assert.deepEqual(findStores(root, ''), [{ store: at('.modelthat'), inUse: true }]);
  });

  it('are one for the root and a nested pipeline before the root has a store', () => {
    project('.');
    project('retraining');
    assert.deepEqual(findStores(root, ''), [{ store: at('.modelthat'), inUse: true }]);
  });

  it('are where the setting says', () => {
    assert.deepEqual(findStores(root, 'elsewhere'), [{ store: at('elsewhere'), inUse: false }]);
  });
});
