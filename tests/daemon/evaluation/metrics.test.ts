import path from 'node:path';
import { execa } from 'execa';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';

const REQUIREMENTS = path.resolve(import.meta.dirname, '../../python/requirements.txt');
const SOURCES = path.resolve(import.meta.dirname, '../../../daemon/evaluation');

/** What all comparisons have. Ties, unequal classes and zeros are in the data. */
const HEAD = `
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import numpy as np
import evaluation_metrics as ours
from sklearn import metrics as theirs
g = np.random.default_rng(7)
close = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9)
`;

const REGRESSION = `
truth = np.append(g.normal(5, 3, 200), [0, 0]); said = truth + g.normal(0.3, 1, 202)
close(ours.rmse(truth, said), theirs.root_mean_squared_error(truth, said))
close(ours.mae(truth, said), theirs.mean_absolute_error(truth, said))
close(ours.mape(truth, said), theirs.mean_absolute_percentage_error(truth, said))
close(ours.r2(truth, said), theirs.r2_score(truth, said))
close(ours.rmspe(np.array([10.0, 0.0, 20.0]), np.array([9.0, 5.0, 22.0])), 0.1)
assert np.isnan(ours.r2(np.ones(3), np.zeros(3)))
`;

const CLASSIFICATION = `
for classes, average in ((2, "binary"), (3, "macro")):
    truth = g.integers(0, classes, 300); said = np.where(g.random(300) < 0.7, truth, g.integers(0, classes, 300))
    close(ours.accuracy(truth, said), theirs.accuracy_score(truth, said))
    close(ours.precision(truth, said), theirs.precision_score(truth, said, average=average))
    close(ours.recall(truth, said), theirs.recall_score(truth, said, average=average))
    close(ours.f1(truth, said), theirs.f1_score(truth, said, average=average))
    scores = np.round(g.dirichlet(np.ones(classes), 300) + 0.5 * np.eye(classes)[truth], 1) + 0.01
    scores /= scores.sum(axis=1, keepdims=True)
    close(ours.log_loss(truth, scores), theirs.log_loss(truth, scores))
    one = scores[:, 1] if classes == 2 else scores
    close(ours.roc_auc(truth, scores), theirs.roc_auc_score(truth, one, multi_class="ovr"))
    close(ours.pr_auc(truth, scores), theirs.average_precision_score(np.eye(3)[truth] if classes == 3 else truth, one))
    if classes == 2: close(ours.brier(truth, scores), theirs.brier_score_loss(truth, one))
`;

const BOOTSTRAP = `
from scipy.stats import bootstrap
a = g.normal(1, 1, 400); b = a + g.normal(0.1, 0.5, 400)
found = ours.bootstrap_difference(lambda rows: b[rows].mean() - a[rows].mean(), 400, 5000, 3)
peer = bootstrap((a, b), lambda x, y, axis: y.mean(axis=axis) - x.mean(axis=axis), paired=True, method="percentile",
                 n_resamples=5000, rng=np.random.default_rng(4)).confidence_interval
np.testing.assert_allclose([found["low"], found["high"]], peer, atol=0.006)
assert found == ours.bootstrap_difference(lambda rows: b[rows].mean() - a[rows].mean(), 400, 5000, 3)
assert ours.verdict({"low": 0.1, "high": 0.2}, False) == "worse"
assert ours.verdict({"low": 0.1, "high": 0.2}, True) == "better"
assert ours.verdict({"low": -0.1, "high": 0.2}, True) == "undecided"
assert ours.bootstrap_difference(lambda rows: float("nan"), 5, 100, 0) is None
`;

const FORMS = `
import json, os, tempfile
import pandas as pd
import evaluation_process as program
place = tempfile.mkdtemp(); data, answer = (os.path.join(place, name) for name in ("d.csv", "p.json"))
pd.DataFrame({"churned": ["no", "no", "yes", "yes"]}).to_csv(data, index=False)
request = dict(data=data, predictions=answer, champion=None, metric=None, custom=None, slices=[])
for said, auc in ((["no", "yes", "yes", "yes"], None), ([0.1, 0.6, 0.7, 0.9], 1.0), ([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.1, 0.9]], 1.0)):
    with open(answer, "w") as file: json.dump({"target": "churned", "predictions": said}, file)
    found = program.judge(request)
    assert found["metrics"]["accuracy"] == 0.75 and found["metrics"].get("roc_auc") == auc, found
    assert found["tables"]["confusion_matrix"]["rows"] == [["no", 1, 1], ["yes", 0, 2]], found
`;

describe('the metrics of evaluations', function () {
  this.timeout(900_000);
  let python: string;
  before(async () => {
    python = await ensurePythonEnvironment(REQUIREMENTS);
  });

  const holds = (code: string) => execa(python, ['-W', 'ignore', '-c', HEAD + code, SOURCES]);

  it('of regression are those of scikit-learn', () => holds(REGRESSION));
  it('of classification are those of scikit-learn, with two classes and with three', () =>
    holds(CLASSIFICATION));
  it('of classification are had from labels, from a score and from a score for each class', () =>
    holds(FORMS));
  it('have the paired bootstrap interval of SciPy, the same for a seed', () => holds(BOOTSTRAP));
});
