/** Mocha's spec reporter, which also writes its results, as JSON, to the file that MOCHA_RESULTS names. */

const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class RecordingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const deaths = [];
    // Of a daemon that ended by itself, a test sees only that nothing answers: see support/daemon.ts.
    process.on('daemonDied', text => deaths.push({ test: runner.test, text }));
    runner.once('end', () => {
      if (!process.env.MOCHA_RESULTS) return;
      const failures = this.failures.map(test => ({
        title: test.fullTitle(),
        reason: [test.err?.stack ?? test.err, ...deaths.filter(death => death.test === test).map(({ text }) => text)].join(
          '\n',
        ),
      }));
      const { passes: passed, pending: skipped } = this.stats;
      writeFileSync(process.env.MOCHA_RESULTS, JSON.stringify({ passed, skipped, failures }));
    });
  }
};
