/** What a child gets of the daemon's own environment: all that programs need, and nothing that may be a secret. */
const INHERITED = new RegExp(
  `^(${[
    'PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP',
    'LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|OMP_NUM_THREADS|CUDA_[A-Z_]+|NVIDIA_[A-Z_]+',
    'HTTPS?_PROXY|ALL_PROXY|NO_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE',
    'SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|APPDATA|LOCALAPPDATA|USERPROFILE|HOMEDRIVE|HOMEPATH',
    'PROGRAMDATA|PROGRAMFILES|NUMBER_OF_PROCESSORS|PROCESSOR_[A-Z]+',
  ].join('|')})$`,
  'i',
);

/**
 * The part of this process's environment that any child program may have.
 *
 * @param also further variables that this child needs
 */
export function inheritedEnvironment(also?: RegExp): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined && (INHERITED.test(entry[0]) || also?.test(entry[0]) === true),
    ),
  );
}
