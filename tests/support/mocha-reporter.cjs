/** Mocha's spec reporter, which also writes its results, as JSON, to the file that MOCHA_RESULTS names. */

const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class RecordingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      if (!process.env.MOCHA_RESULTS) return;
      const failures = this.failures.map(test => ({
        title: test.fullTitle(),
        reason: String(test.err?.stack ?? test.err),
      }));
      const { passes: passed, pending: skipped } = this.stats;
      writeFileSync(process.env.MOCHA_RESULTS, JSON.stringify({ passed, skipped, failures }));
    });
  }
};
