import assert from 'node:assert/strict';
import type { ApprovalRequest } from '../../../daemon/contract/approvals.ts';
import type { ModelSummary, ModelVersion } from '../../../daemon/contract/models.ts';
import { modelFacts } from '../../../extension/editor/model-facts.ts';
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

const request: ApprovalRequest = {
  ...{ id: 12, model: 'sales', version: 7, stage: 'Production', state: 'pending', digest: null },
  requestedBy: { subject: 'mia', role: 'owner', claimed: true, via: 'native' },
  ...{ requestedAt: NOW, reason: 'better on the holdout', answers: [], closedAt: null, note: '' },
};
const context = { goals: ['rmspe'], request: undefined, now: NOW };

describe('the line of a model', () => {
  const used = model(
    { stage: 'Production', count: 1, newest: 5 },
    { stage: 'Archived', count: 4, newest: 4 },
  );

  it('names the versions that are in use, and how many wait for a person', () => {
    assert.equal(modelRow('s', used, 0, 1).description, 'Production v5');
    assert.equal(modelRow('s', used, 2, 1).description, 'Production v5 · 2 to approve');
    assert.equal(
      modelRow('s', model({ stage: 'None', count: 1, newest: 1 }), 0, 1).description,
      'in no stage',
    );
  });

  it('is opened from the start only among few', () => {
    assert.equal(modelRow('s', used, 0, 5).opens, 'open');
    assert.equal(modelRow('s', used, 0, 50).opens, 'closed');
    assert.equal(modelRow('s', model(), 0, 1).opens, 'never');
  });

  it('can be rolled back only while a version is in Production', () => {
    assert.equal(modelRow('s', used, 0, 1).kind, 'model.used');
    assert.equal(modelRow('s', model({ stage: 'Staging', count: 1, newest: 1 }), 0, 1).kind, 'model');
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

  it('is marked while it waits for approval', () => {
    const row = versionRow('s', version(), { ...context, request });
    assert.match(row.description ?? '', /^waits for approval to Production/);
    assert.equal(row.kind, 'version.staging.pending.tracked');
    assert.match(row.tooltip ?? '', /mia asks for Production\. better on the holdout/);
  });
});

describe('what stands above a place that registers a model', () => {
  const newest = version({ metrics: { rmspe: 0.0912 } });
  const champion = version({ version: 5, stage: 'Production', metrics: { rmspe: 0.0941 } });

  it('is the newest version with its metric beside that of Production', () => {
    assert.equal(
      modelFacts({ newest, champion, request: undefined }, ['rmspe']),
      '$(package) sales v7 Staging · rmspe 0.0912 (−3.1 % vs Production v5)',
    );
  });

  it('compares with nothing while there is none, or it is the one', () => {
    for (const other of [undefined, newest])
      assert.equal(
        modelFacts({ newest, champion: other, request: undefined }, ['rmspe']),
        '$(package) sales v7 Staging · rmspe 0.0912',
      );
  });

  it('says that it waits for approval', () => {
    assert.equal(
      modelFacts({ newest, champion: undefined, request }, []),
      '$(package) sales v7 Staging · waits for approval to Production',
    );
  });
});
