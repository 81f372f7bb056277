/** What "better" means for a metric. */
import type { Goal } from './pipelines.ts';

/** Metrics whose better direction is beyond doubt, by the name that they commonly have. */
const WELL_KNOWN: Readonly<Record<Goal, readonly string[]>> = {
  minimize: [
    'loss',
    'error',
    'mse',
    'rmse',
    'mae',
    'mape',
    'smape',
    'rmspe',
    'rmsle',
    'mean_squared_error',
    'root_mean_squared_error',
    'mean_absolute_error',
    'log_loss',
    'logloss',
    'perplexity',
    'brier_score',
  ],
  maximize: [
    'accuracy',
    'acc',
    'score',
    'precision',
    'precision_score',
    'recall',
    'recall_score',
    'f1',
    'f1_score',
    'auc',
    'roc_auc',
    'pr_auc',
    'r2',
    'r2_score',
    'ndcg',
    'bleu',
    'accuracy_score',
  ],
};
/** What names of metrics begin with to say on which data. */
const ON_DATA = /^(train|training|val|valid|validation|test|eval|cv|dev|holdout)[_/.-]/;

/**
 * Whether less or more of a metric is better: as the project's pipelines say, else by a short list of well-known names, also
 * with what says on which data in front (`val_loss`). Undefined where nobody says it: no best is to be claimed then.
 */
export function goalOf(key: string, goals: Readonly<Record<string, Goal>>): Goal | undefined {
  if (Object.hasOwn(goals, key)) return goals[key];
  const name = key.toLowerCase().replace(ON_DATA, '');
  if (WELL_KNOWN.minimize.includes(name)) return 'minimize';
  return WELL_KNOWN.maximize.includes(name) ? 'maximize' : undefined;
}
