import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { externalDataModel } from '../../support/onnx.ts';
import { type ServingFixture, servingFixture } from '../../support/serving.ts';

const CANARY = [1234.5, 6789.25];
const REQUEST = { inputs: [0, 0] };

describe('a hostile ONNX model', () => {
  let serving: ServingFixture;
  let canary: string;
  beforeEach(() => {
    serving = servingFixture();
    canary = path.join(serving.root, 'canary.bin');
    fs.writeFileSync(canary, new Uint8Array(Float32Array.from(CANARY).buffer));
  });
  afterEach(() => serving.close());

  /** Adds a model that wants the file `location`, prepares its folder, and asks it to predict. */
  async function answerOf(location: string, prepare: (folder: string) => void): Promise<string> {
    const { folder } = serving.add('hostile', { 'model.onnx': externalDataModel(location, CANARY.length) });
    prepare(folder);
    return serving.predict('hostile', REQUEST).then(
      answer => JSON.stringify(answer.body),
      (error: Error) => error.message,
    );
  }

  const attacks: Record<string, { location: () => string; prepare: (folder: string) => void }> = {
    'a path upwards': { location: () => '../../../canary.bin', prepare: () => {} },
    'an absolute path': { location: () => canary, prepare: () => {} },
    'a symbolic link': {
      location: () => 'weights.bin',
      prepare: folder => fs.symlinkSync(canary, path.join(folder, 'weights.bin')),
    },
    'a linked folder': {
      location: () => 'linked/canary.bin',
      prepare: folder => fs.symlinkSync(serving.root, path.join(folder, 'linked')),
    },
    'a path upwards through a folder': {
      location: () => 'inner/../../../../canary.bin',
      prepare: folder => fs.mkdirSync(path.join(folder, 'inner')),
    },
    'a hard link': {
      location: () => 'weights.bin',
      prepare: folder => fs.linkSync(canary, path.join(folder, 'weights.bin')),
    },
    'a path from the working folder': {
      location: () => '../canary.bin',
      prepare: folder => fs.symlinkSync(canary, path.join(folder, 'link-that-forbids-external-data')),
    },
  };
  for (const [name, { location, prepare }] of Object.entries(attacks)) {
    it(`reads no file by ${name}`, async () => {
      const answer = await answerOf(location(), prepare);
      assert.match(answer, /cannot be loaded/);
      for (const value of CANARY) assert.ok(!answer.includes(String(value)), answer);
    });
  }

  it('may keep its own data beside itself', async () => {
    const answer = await answerOf('weights.bin', folder =>
      fs.copyFileSync(canary, path.join(folder, 'weights.bin')),
    );
    assert.equal(answer, JSON.stringify({ predictions: { prediction: CANARY } }));
  });
});
