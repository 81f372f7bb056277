import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { attach } from '../../../daemon/client/start.ts';
import { getStatus } from '../../../daemon/contract/about.ts';
import { startDaemon } from '../../support/daemon.ts';

describe('a client that outlives its daemon', () => {
  it('sends its token to nobody who takes the port', async () => {
    const daemon = await startDaemon();
    const attached = await attach(daemon.place);
    assert.ok(attached);
    const ask = () => attached.client.call(getStatus, {});
    assert.equal((await ask()).draining, false);
    await daemon.kill();
    await assert.rejects(ask(), { code: 'TEMPORARILY_UNAVAILABLE' });

    const seen: { url: string | undefined; token: string | undefined }[] = [];
    const impostor = createServer(({ url, headers }, response) => {
      seen.push({ url, token: headers.authorization });
      response.end('OK');
    });
    impostor.listen(daemon.connection.port, '127.0.0.1');
    await once(impostor, 'listening');
    try {
      await assert.rejects(ask(), { code: 'TEMPORARILY_UNAVAILABLE', message: /is not this daemon/ });
      assert.equal(seen.length, 1);
      assert.match(String(seen[0]?.url), /^\/health\?nonce=/);
      assert.equal(seen[0]?.token, undefined);
    } finally {
      impostor.closeAllConnections();
      impostor.close();
      await daemon.dispose();
    }
  });
});
