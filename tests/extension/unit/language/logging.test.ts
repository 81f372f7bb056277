import assert from 'node:assert/strict';
import { loggingIn } from '../../../../extension/language/logging/calls.ts';
import { matches } from '../../../../extension/language/logging/constants.ts';

/** What calls log, a line for each: its kind, the names, patterns with `*` for what is filled in, `?` for unknown ones. */
function logged(text: string): string[] {
  return (loggingIn(text)?.calls ?? []).map(({ kind, from, keys, patterns, open }) => {
    const line = text.slice(0, from).split('\n').length;
    const names = [...keys, ...patterns.map(parts => parts.join('*')), ...(open ? ['?'] : [])];
    return `${line} ${kind} ${names.join(' ')}`;
  });
}

/** The line of the training's entry, from 1. */
const entryLine = (text: string) => text.slice(0, loggingIn(text)?.entry).split('\n').length;

describe('calls that log in Python code', () => {
  const cases: Record<string, { code: string; finds: string[] }> = {
    'a name as it is': { code: 'mlflow.log_metric("rmse", 1)', finds: ['1 metrics rmse'] },
    'a name by its argument, over several lines': {
      code: 'mlflow.log_metric(\n  value=1,  # so far\n  key="rm" "se",\n)',
      finds: ['1 metrics rmse'],
    },
    'a dictionary': {
      code: 'mlflow.log_metrics({"rmse": 1, "mae": 2}, step=3)',
      finds: ['1 metrics rmse mae'],
    },
    'a dictionary in a variable, with what is added to it': {
      code: 'metrics = {"rmse": 1}\nmetrics["mae"] = 2\nmlflow.log_metrics(metrics)',
      finds: ['3 metrics rmse mae'],
    },
    'dictionaries in dictionaries, and dict()': {
      code: 'base = dict(rmse=1)\nmlflow.log_metrics({**base, "mae": 2, **more()})',
      finds: ['2 metrics rmse mae ?'],
    },
    'an f-string': {
      code: 'for fold in range(5):\n    mlflow.log_metric(f"fold_{fold}/rmse", 1)',
      finds: ['2 metrics fold_*/rmse'],
    },
    'an f-string in a comprehension': {
      code: 'mlflow.log_metrics({f"{name}_loss": v for name, v in all.items()})',
      finds: ['1 metrics *_loss'],
    },
    'a loop over names': {
      code: 'for key in ["rmse", "mae"]:\n    mlflow.log_metric(key, scores[key])',
      finds: ['2 metrics rmse mae'],
    },
    'a constant, and a choice': {
      code: 'KEY = "rmse"\nmlflow.log_metric(KEY, 1)\nmlflow.log_metric("a" if x else "b", 1)',
      finds: ['2 metrics rmse', '3 metrics a b'],
    },
    'names that only running tells': {
      code: 'for k, v in scores.items():\n    mlflow.log_metric(k, v)\nmlflow.log_metrics(evaluate())',
      finds: ['2 metrics ?', '3 metrics ?'],
    },
    'a client, whose method has the run before the name': {
      code: 'from mlflow import MlflowClient\nclient = MlflowClient()\nclient.log_metric(run_id, "rmse", 1)',
      finds: ['3 metrics rmse'],
    },
    'imported functions, also under another name': {
      code: 'from mlflow import (\n  log_metric as note, log_metrics,\n)\nnote("rmse", 1)\nlog_metrics({"mae": 2})',
      finds: ['4 metrics rmse', '5 metrics mae'],
    },
    'modelthat.log': {
      code: 'modelthat.log({"rmse": 1}, step=2)\nmodelthat.log(mae=1, step=2)',
      finds: ['1 metrics rmse', '2 metrics mae'],
    },
    'autolog, and what trains from there on': {
      code: 'mlflow.sklearn.autolog()\nmodel = make().fit(x, y)\nbooster = lgb.train(params, data)',
      finds: ['1 autolog ?', '2 fit ?', '3 fit ?'],
    },
    'training without autolog, which logs nothing': {
      code: 'import mlflow\nmodel.fit(x)\nmlflow.log_metric("rmse", 1)',
      finds: ['3 metrics rmse'],
    },
    'calls in functions, conditions and lambdas': {
      code: 'def report():\n  if x:\n    return lambda: mlflow.log_metric("rmse", 1)',
      finds: ['3 metrics rmse'],
    },
    'a file that is being written': {
      code: 'mlflow.log_metric("mae", 1)\nmlflow.log_metric("rmse',
      finds: ['1 metrics mae', '2 metrics rmse'],
    },
    'comments and texts, which log nothing': {
      code: '# mlflow.log_metric("rmse", 1)\nx = "mlflow.log_metric(\'rmse\', 1)"',
      finds: [],
    },
    'other loggers': { code: 'logger.log("rmse")\nimport mlflow\nmlflow.log_param("lr", 1)', finds: [] },
    'a cell with magics': {
      code: '%pip install mlflow\n!ls\nmlflow.log_metric("rmse", 1)',
      finds: ['3 metrics rmse'],
    },
  };
  for (const [what, { code, finds }] of Object.entries(cases))
    it(`find ${what}`, () => {
      assert.deepEqual(logged(code), finds);
    });
});

describe('the entry of a training', () => {
  it('is where the file runs as a program', () => {
    const text =
      'def main():\n  with mlflow.start_run():\n    mlflow.log_metric("a", 1)\n\nif __name__ == "__main__":\n  main()';
    assert.equal(entryLine(text), 5);
  });

  it('else is where a run starts, else where something is logged', () => {
    assert.equal(entryLine('import mlflow\nwith mlflow.start_run() as run:\n  mlflow.log_metric("a", 1)'), 2);
    assert.equal(entryLine('import mlflow\n\nmlflow.log_metric("a", 1)'), 3);
  });
});

describe('a name that is put together', () => {
  it('matches what the code can come to', () => {
    assert.ok(matches('fold_3/rmse', ['fold_', '/rmse']));
    assert.ok(matches('a_b_c', ['', '_', '_', '']));
    assert.ok(!matches('fold_3/mae', ['fold_', '/rmse']));
    assert.ok(!matches('xx', ['x', 'x', 'x']));
    assert.ok(!matches('x', ['x', 'x']));
  });
});
