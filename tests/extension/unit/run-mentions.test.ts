import assert from 'node:assert/strict';
import { runsIn } from '../../../extension/integrations/run-mentions.ts';

const ID = '0123456789abcdef0123456789abcdef';
const found = (line: string) =>
  runsIn(line).map(({ runId, start, length }) => [runId, line.slice(start, start + length)]);

describe('runs that a terminal’s output names', () => {
  it('are found in the address that MLflow prints', () => {
    const address = `http://127.0.0.1:40123/#/experiments/1/runs/${ID}`;
    assert.deepEqual(found(`🏃 View run gentle-owl at: ${address}`), [[ID, address]]);
  });

  it('are found in URIs of what they logged, and after the word', () => {
    assert.deepEqual(found(`runs:/${ID}/model`), [[ID, `runs:/${ID}`]]);
    assert.deepEqual(found(`run_id="${ID}"`), [[ID, `run_id="${ID}`]]);
    assert.deepEqual(found(`Run ${ID} ended`), [[ID, `Run ${ID}`]]);
  });

  it('are not taken from digests, and from addresses of other machines', () => {
    assert.deepEqual(found(`md5 ${ID}`), []);
    assert.deepEqual(found(`https://mlflow.example.com/#/experiments/1/runs/${ID}`), []);
    assert.deepEqual(found(`run ${ID}0`), []);
  });
});
