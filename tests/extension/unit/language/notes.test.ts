import assert from 'node:assert/strict';
import type { SourceMetric, SourceResults } from '../../../../daemon/contract/sources.ts';
import { loggingIn } from '../../../../extension/language/logging/calls.ts';
import { type Goals, loggedByCalls, noteOf } from '../../../../extension/language/logging/notes.ts';

function metric(key: string, value: number, more: Partial<SourceMetric> = {}): SourceMetric {
  const last = { runId: 'last', value };
  return {
    key,
    last,
    before: null,
    recent: [last],
    lowest: last,
    highest: last,
    production: null,
    places: [],
    ...more,
  };
}

/** The notes of a text, by their lines from 1. */
function notes(text: string, metrics: SourceMetric[], goals: Goals = {}): string[] {
  const file = loggingIn(text);
  assert.ok(file);
  const results: SourceResults = { last: null, runs: 3, more: false, metrics };
  return loggedByCalls(file, text, results, goals).map(
    logged => `${text.slice(0, logged.call.from).split('\n').length} ${noteOf(logged, goals)}`,
  );
}

const of = (runId: string, value: number) => ({ runId, value });

describe('the note beside a call that logs', () => {
  const LOG = 'mlflow.log_metric("rmspe", 1)';

  it('tells the value alone of a first run', () => {
    assert.deepEqual(notes(LOG, [metric('rmspe', 0.093216)]), ['1 0.093216']);
  });

  it('tells the best, and the difference to the run before and to Production', () => {
    const known = metric('rmspe', 0.095, {
      before: of('before', 0.1),
      lowest: of('best', 0.091),
      production: { model: 'sales', version: 5, ...of('champion', 0.091) },
    });
    assert.deepEqual(notes(LOG, [known]), [
      '1 0.095 · best 0.091 · −5 % to the run before · +4.4 % to Production v5',
    ]);
  });

  it('says when the last run is the best, and claims no best where nobody says what is better', () => {
    const before = { before: of('before', 0.1) };
    assert.deepEqual(notes(LOG, [metric('rmspe', 0.09, before)]), [
      '1 0.09 · the best so far · −10 % to the run before',
    ]);
    const odd = 'mlflow.log_metric("lift", 1)';
    assert.deepEqual(notes(odd, [metric('lift', 0.09, before)]), ['1 0.09 · −10 % to the run before']);
    assert.deepEqual(notes(odd, [metric('lift', 0.09, before)], { lift: 'maximize' }), [
      '1 0.09 · the best so far · −10 % to the run before',
    ]);
  });

  it('follows the goals of the project before what is well known', () => {
    const known = metric('loss', 2, {
      before: of('before', 4),
      lowest: of('low', 1),
      highest: of('high', 9),
    });
    const text = 'mlflow.log_metric("loss", 1)';
    assert.match(notes(text, [known])[0] ?? '', /best 1 /);
    assert.match(notes(text, [known], { loss: 'maximize' })[0] ?? '', /best 9 /);
    assert.match(
      notes(text.replace('loss', 'val_loss'), [{ ...known, key: 'val_loss' }])[0] ?? '',
      /best 1 /,
    );
  });

  it('names several metrics, those of the goals first, and counts the rest', () => {
    const text = 'mlflow.log_metrics({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5})';
    const all = ['a', 'b', 'c', 'd', 'e'].map((key, index) => metric(key, index));
    assert.deepEqual(notes(text, all, { e: 'minimize' }), ['1 e 4 · a 0 · b 1 · +2 more']);
  });

  it('tells what an f-string came to', () => {
    assert.deepEqual(notes('mlflow.log_metric(f"fold_{i}", x)', [metric('fold_0', 1), metric('other', 2)]), [
      '1 fold_0 1',
    ]);
  });

  it('tells dynamic names at the line that logged them, also when it has moved', () => {
    const places = [{ line: 2, text: 'mlflow.log_metric(k, v)' }];
    const text = 'for k, v in all:\n    mlflow.log_metric(k, v)';
    assert.deepEqual(notes(text, [metric('rmse', 1, { places })]), ['2 rmse 1']);
    assert.deepEqual(notes(`import mlflow\n\n${text}`, [metric('rmse', 1, { places })]), ['4 rmse 1']);
    assert.deepEqual(notes(text.replace('(k, v)', '(k, 2)'), [metric('rmse', 1, { places })]), []);
  });

  it('tells what MLflow logged by itself at the first call that trains, else at autolog', () => {
    const all = [metric('training_score', 1), metric('own', 2)];
    const own = 'mlflow.log_metric("own", 2)';
    assert.deepEqual(notes(`mlflow.autolog()\nmodel.fit(x)\nmodel.fit(y)\n${own}`, all), [
      '2 training_score 1',
      '4 2',
    ]);
    assert.deepEqual(notes(`mlflow.autolog()\n${own}`, all), ['1 training_score 1', '2 2']);
  });

  it('tells a diverged metric, and keeps names with line breaks in one line', () => {
    const text = 'mlflow.log_metrics(all)';
    const places = [{ line: 1, text }];
    const odd: SourceMetric = { ...metric('a\nb', 1, { places }), last: { runId: 'last', value: 'NaN' } };
    assert.deepEqual(notes(text, [odd]), ['1 a b NaN']);
  });
});
