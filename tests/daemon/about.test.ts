import assert from 'node:assert/strict';
import { getAbout } from '../../daemon/contract/about.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

describe('a started daemon', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  it('answers /health without a token', async () => {
    const response = await fetch(`${daemon.url}/health`);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), 'OK');
  });

  it('says what it is to its owner', async () => {
    const about = await daemon.client.call(getAbout, {});
    assert.equal(about.store, daemon.place.store);
    assert.equal(about.workspace, daemon.place.workspace);
    assert.equal(about.pid, daemon.connection.pid);
    assert.equal(about.url, daemon.url);
  });

  it('tells nothing without a token', async () => {
    const response = await fetch(`${daemon.url}/api/v1/about`);
    assert.equal(response.status, 401);
    assert.equal(((await response.json()) as { error_code: string }).error_code, 'UNAUTHENTICATED');
  });
});
