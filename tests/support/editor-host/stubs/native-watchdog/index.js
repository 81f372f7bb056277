// Stands in for the native @vscode/native-watchdog, which would need a compiler: ends this process once the process
// it watches is gone.

const ORPHANED = 87;

exports.start = (pid) => {
  const poll = setInterval(() => {
    try {
      process.kill(pid, 0);
    } catch {
      process.exit(ORPHANED);
    }
  }, 1000);
  poll.unref();
};

exports.exit = (code) => process.exit(code ?? 0);
