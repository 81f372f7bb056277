import assert from 'node:assert/strict';
import type { ModelVersion } from '../../daemon/contract/models.ts';
import { changeOf, firstMetric, metricsOf, timelineOf } from '../../webviews/model/timeline.ts';

function version(number: number, metrics: ModelVersion['metrics'], stage: ModelVersion['stage'] = 'None') {
  return {
    ...{ name: 'sales', version: number, stage, aliases: [], status: 'READY' as const, description: '' },
    ...{ source: '', runId: null, createdAt: 0, updatedAt: 0, tags: {}, metrics, gates: [] },
  };
}

const versions = [
  version(3, { rmspe: 0.1, 'lightgbm/rmspe': 0.2, mae: 4 }, 'Staging'),
  version(2, { rmspe: 'NaN' }),
  version(1, { rmspe: 0.12 }, 'Production'),
];

describe('the timeline of versions', () => {
  it('goes from the oldest on, without versions whose metric is no number', () => {
    assert.deepEqual(timelineOf(versions, 'rmspe'), [
      { version: 1, value: 0.12, stage: 'Production' },
      { version: 3, value: 0.1, stage: 'Staging' },
    ]);
    assert.deepEqual(timelineOf(versions, 'nothing'), []);
  });

  it('offers what the pipeline judges by first, and parts of ensembles last', () => {
    assert.deepEqual(metricsOf(versions, ['rmspe']), ['rmspe', 'mae', 'lightgbm/rmspe']);
    assert.equal(firstMetric(versions, ['rmspe']), 'rmspe');
    assert.equal(firstMetric(versions, []), 'mae');
    assert.equal(firstMetric([], []), '');
  });
});

describe('a metric that names its evaluation', () => {
  it('is left out where it says what the plain one says', () => {
    const same = version(2, { rmspe: 0.1, 'rmspe@run': 0.1, 'rmspe@evaluate': 0.1, 'system/cpu': 3 });
    const other = version(1, { rmspe: 0.2, 'rmspe@run': 0.3, 'mae@holdout.csv': 4 });
    assert.deepEqual(metricsOf([same], []), ['rmspe']);
    assert.deepEqual(metricsOf([same, other], []), ['mae@holdout.csv', 'rmspe', 'rmspe@run']);
  });
});

describe('a metric beside the one in Production', () => {
  it('is better or worse by the goal', () => {
    assert.deepEqual(changeOf(0.09, 0.1, 'minimize'), { text: '−10 %', tone: 'better' });
    assert.deepEqual(changeOf(0.09, 0.1, 'maximize'), { text: '−10 %', tone: 'worse' });
    assert.deepEqual(changeOf(0.09, 0.1, undefined), { text: '−10 %', tone: '' });
  });

  it('is left alone where a percentage means nothing', () => {
    assert.deepEqual(changeOf(0.09, 0, 'minimize'), { text: '', tone: '' });
    assert.deepEqual(changeOf('NaN', 0.1, 'minimize'), { text: '', tone: '' });
    assert.deepEqual(changeOf(undefined, 0.1, 'minimize'), { text: '', tone: '' });
    assert.deepEqual(changeOf(-2, -4, 'maximize'), { text: '+50 %', tone: 'better' });
  });
});
