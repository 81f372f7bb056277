import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inOrder, namesInParts } from '../../../daemon/artifacts/names.ts';

describe('names of a large folder', () => {
  it('come in order, however many there are', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-names-'));
    try {
      const names = Array.from({ length: 9_000 }, (_, index) => `f${(index * 7919) % 9_000}`);
      for (const name of names) fs.writeFileSync(path.join(folder, name), '');
      const batches = [...inOrder(await namesInParts(folder, entry => entry.name !== 'f5'), 100)];
      assert.deepEqual(batches.flat(), names.filter(name => name !== 'f5').sort());
      assert.ok(batches.every(batch => batch.length <= 100));
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it('are none where nothing is wanted', async () => {
    assert.deepEqual([...inOrder(await namesInParts(os.tmpdir(), () => false), 10)].flat(), []);
  });
});
