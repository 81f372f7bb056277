/** Checks that the tests of `npm test` prove whole. */
import type { Check } from './check.ts';

export const routesNeedTokens: Check = {
  id: 'A1',
  title: 'every route needs the token',
  ordinary: [
    { files: 'tests/daemon/security.test.ts', grep: 'on every route|from the address|/health alone' },
  ],
};

export const tokensAreCompared: Check = {
  id: 'A3',
  title: 'tokens of any length are refused, and rotated ones at once',
  ordinary: [{ files: 'tests/daemon/security.test.ts', grep: 'each kind of wrong token|after a rotation' }],
};

export const hostsAreListed: Check = {
  id: 'A4',
  title: 'only the daemon’s own names pass as Host',
  ordinary: [{ files: 'tests/daemon/security.test.ts', grep: 'Host' }],
};

export const hostilePage: Check = {
  id: 'A5',
  title: 'a hostile web page in a real browser reads and changes nothing',
  ordinary: [
    { files: 'tests/extension/ui/hostile-page.test.ts' },
    { files: 'tests/daemon/security.test.ts', grep: 'a web page makes|only as application/json' },
  ],
};

export const otherUser: Check = {
  id: 'A6',
  title: 'another user of the machine reads nothing',
  ordinary: [{ files: 'tests/daemon/privacy.test.ts' }],
};

export const pathTraversal: Check = {
  id: 'I1',
  title: 'no spelling of a path leads out of the artifacts',
  ordinary: [
    { files: 'tests/daemon/mlflow/traversal.test.ts' },
    { files: 'tests/daemon/artifacts/local.test.ts' },
  ],
};

export const containedAtTheSink: Check = {
  id: 'I2',
  title: 'whatever a version names as its source, nothing outside the artifacts is read',
  ordinary: [
    { files: 'tests/daemon/mlflow/traversal.test.ts', grep: 'source of a model version' },
    { files: 'tests/daemon/registry/source.test.ts' },
  ],
};

export const badArchives: Check = {
  id: 'I4',
  title: 'a bad archive is refused whole, and leaves nothing anywhere',
  ordinary: [{ files: 'tests/daemon/archive/archives.test.ts', grep: 'that are bad|cut off' }],
};
