import assert from 'node:assert/strict';
import type { ModelSummary, ModelVersion } from '../../../daemon/contract/models.ts';
import { modelRow, stageRow, versionRow } from '../../../extension/trees/model-rows.ts';

const NOW = 1_800_000_000_000;

function version(changes: Partial<ModelVersion> = {}): ModelVersion {
  return {
    ...{ name: 'sales', version: 7, stage: 'Staging', aliases: [], status: 'READY', description: '' },
    ...{
      source: '',
      runId: 'r1',
      createdAt: NOW - 120_000,
      updatedAt: NOW,
      tags: {},
      metrics: {},
      gates: [],
    },
    ...changes,
  };
}

function model(...stages: ModelSummary['stages']): ModelSummary {
  return { name: 'sales', description: '', createdAt: NOW, updatedAt: NOW, stages };
}

const context = { goals: ['rmspe'], now: NOW };

describe('the line of a model', () => {
  const used = model(
    { stage: 'Production', count: 1, newest: 5 },
    { stage: 'Archived', count: 4, newest: 4 },
  );

  it('names the versions that are in use', () => {
    assert.equal(modelRow('s', used, 1).description, 'Production v5');
    assert.equal(modelRow('s', model({ stage: 'None', count: 1, newest: 1 }), 1).description, 'in no stage');
  });

  it('is opened from the start only among few', () => {
    assert.equal(modelRow('s', used, 5).opens, 'open');
    assert.equal(modelRow('s', used, 50).opens, 'closed');
    assert.equal(modelRow('s', model(), 1).opens, 'never');
  });
});

describe('the line of a stage', () => {
  it('is there without versions, so that one can be dropped on it', () => {
    const row = stageRow('s', model(), 'Production');
    assert.equal(row.description, 'no version');
    assert.equal(row.opens, 'never');
  });

  it('says how many there are, and keeps archived ones closed', () => {
    const row = stageRow('s', model({ stage: 'Archived', count: 1_200, newest: 1_200 }), 'Archived');
    assert.equal(row.spoken, 'Stage Archived of sales, 1200 versions');
    assert.equal(row.opens, 'closed');
  });
});

describe('the line of a version', () => {
  it('tells the metric that the pipeline judges by, and its age', () => {
    const row = versionRow('s', version({ metrics: { mae: 3, rmspe: 0.0912345 } }), context);
    assert.equal(row.description, 'rmspe 0.091234 · 2 min ago');
    assert.equal(row.spoken, 'Version 7 of sales, Staging, rmspe 0.091234, 2 min ago');
  });

  it('tells the metric of its gates where no pipeline names one', () => {
    const gates = [{ gate: 'auc > 0.9', passed: false, observed: 0.8, expected: 0.9 }];
    const row = versionRow('s', version({ metrics: { auc: 0.8 }, gates }), { ...context, goals: [] });
    assert.equal(row.description, 'auc 0.8 · 1 failed gate · 2 min ago');
  });
});
