/** What "better" means for a metric. */
import type { Goal } from './pipelines.ts';

/** Names of metrics of which everybody knows what is better. */
const WELL_KNOWN: Readonly<Record<Goal, readonly string[]>> = {
  minimize: [
    ...['loss', 'error', 'mse', 'rmse', 'mae', 'mape', 'smape', 'rmspe', 'rmsle'],
    ...['logloss', 'perplexity', 'brier_score'],
  ],
  maximize: [...['accuracy', 'acc', 'score', 'precision', 'recall', 'f1', 'auc', 'r2', 'ndcg', 'bleu']],
};

const GOALS: readonly Goal[] = ['minimize', 'maximize'];

/**
 * What is better of a metric: as the pipelines say, else as its name does, or the last part of it (`val_accuracy`,
 * `test/rmse`). Undefined = nobody knows: no best is to be claimed then.
 */
export function goalOf(key: string, goals: Readonly<Record<string, Goal>>): Goal | undefined {
  if (Object.hasOwn(goals, key)) return goals[key];
  const name = key.toLowerCase();
  const last = name.split(/[/_.\s-]/).at(-1) ?? '';
  const known = [name, last].flatMap(each => GOALS.filter(goal => WELL_KNOWN[goal].includes(each)));
  return known[0];
}
