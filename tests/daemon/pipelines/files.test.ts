import assert from 'node:assert/strict';
import path from 'node:path';
import { ExecutionFiles, fileNameOf } from '../../../daemon/pipelines/files.ts';

describe('files of steps', () => {
  it('keep the names that steps had before groups were there', () => {
    for (const name of ['train', 'größe_2-b', 'train@cnn', 'train@0.1-cnn'])
      assert.equal(fileNameOf(name), name);
  });

  it('stay in their folder, whatever values members of groups are named after', () => {
    const files = new ExecutionFiles('/store', '/state');
    const names = [
      '..',
      '.',
      'train@../../x',
      'train@a/b',
      'train@a\\b',
      'train@a*:?',
      'train@a%2fb',
      'a\0b',
    ];
    const logs = names.map(name => files.ofStep('1', name).log);
    for (const log of logs) {
      assert.equal(path.dirname(log), path.join('/store', 'executions', '1', 'steps'));
      assert.doesNotMatch(path.basename(log), /[\\/:*?"<>|\0]|^\./);
    }
    assert.equal(new Set(logs).size, names.length);
  });

  it('have names that are short enough, and differ where the steps do', () => {
    const long = 'train@'.padEnd(300, 'ü');
    assert.ok(Buffer.byteLength(fileNameOf(long)) < 255 - '.params.json'.length);
    assert.notEqual(fileNameOf(`${long}1`), fileNameOf(`${long}2`));
  });

  it('differ where file systems take names that differ by case for one, and are no devices of Windows', () => {
    const [upper, lower] = [fileNameOf('train@CNN'), fileNameOf('train@cnn')];
    assert.notEqual(upper.toLowerCase(), lower.toLowerCase());
    for (const device of ['con', 'NUL', 'com1', 'aux.x'])
      assert.match(`${fileNameOf(device)}.log`, /~[0-9a-f]{16}\.log$/);
  });
});
