import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { externalDataModel, linearModel } from '../../support/onnx.ts';
import { type ServingFixture, servingFixture } from '../../support/serving.ts';

const CANARY = [1234.5, 6789.25];
const REQUEST = { inputs: [0, 0] };
const MUTANTS = 100;
const AT_ONCE = 4;

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

  it('harms nothing when it is garbage, and is replaced by the next version', async function () {
    this.timeout(300_000);
    const good = linearModel([10, 1]);
    const random = mulberry32(42);
    const mutants = Array.from({ length: MUTANTS }, () => mutate(good, random));
    while (mutants.length > 0) {
      const versions = mutants
        .splice(0, AT_ONCE)
        .map(mutant => serving.add('mutant', { 'model.onnx': mutant }).version);
      // Any answer will do, and any refusal; a process that dies takes nothing else with it.
      await Promise.allSettled(
        versions.map(version => serving.predict('mutant', { inputs: [[1, 2]] }, { version })),
      );
    }
    serving.add('mutant', { 'model.onnx': good });
    const { body } = await serving.predict('mutant', { inputs: [[1, 2]] });
    assert.deepEqual(body, { predictions: { prediction: [[12]] } });
  });
});

/** A copy with a few bytes changed, and sometimes cut short. */
function mutate(bytes: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(bytes);
  const changes = 1 + Math.floor(random() * 8);
  for (let change = 0; change < changes; change += 1)
    copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
  return random() < 0.2 ? copy.subarray(0, Math.floor(random() * copy.length)) : copy;
}

/** A small seeded generator, so that a failure can be seen again. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
