/** What a page of some other site can do to a daemon on the same machine, in a real browser: nothing. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { listExperiments } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { launchBrowser } from '../../support/editor-host/workbench.ts';

const EVIL = 'evil.test';
const PAGE = path.join(import.meta.dirname, 'hostile-page.html');

/** Ways to reach the daemon's port: by its address, by names for it, and by the page's own name, rebound. */
const HOSTS = ['127.0.0.1', 'localhost', '0.0.0.0', EVIL];

const CREATE = '/api/2.0/mlflow/experiments/create';
const READS = [
  '/health',
  '/api/v1/about',
  '/api/v1/models',
  '/api/2.0/mlflow/experiments/get?experiment_id=0',
];

describe('a hostile web page', () => {
  let daemon: TestDaemon;
  let site: Server;
  let browser: Browser;
  let page: Page;
  before(async () => {
    daemon = await startDaemon();
    site = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end(fs.readFileSync(PAGE));
    }).listen(0, '127.0.0.1');
    await once(site, 'listening');
    // As after a DNS rebinding: the page's name is the loopback address. It counts as a local page then, so that the
    // browser's own guard of the local network stays out of the way.
    browser = await launchBrowser([`--host-resolver-rules=MAP ${EVIL} 127.0.0.1`]);
    page = await browser.newPage();
    await page.goto(`http://${EVIL}:${(site.address() as AddressInfo).port}/`);
  });
  after(async () => {
    await browser.close();
    site.close();
    await daemon.dispose();
  });

  const targets = () => HOSTS.map(host => `http://${host}:${daemon.connection.port}`);
  const experiments = async () => (await daemon.client.call(listExperiments, { query: {} })).items;

  it('changes nothing by any request that it can send', async () => {
    const before = await experiments();
    await page.evaluate(call('attack', { targets: targets(), path: CREATE, token: daemon.secrets.owner }));
    assert.deepEqual(await experiments(), before);
  });

  it('changes nothing by a form that it submits', async () => {
    const before = await experiments();
    for (const target of targets()) {
      const form = await browser.newPage();
      await form.goto(page.url());
      const answered = form.waitForResponse(response => response.url() === `${target}${CREATE}`);
      await form.evaluate(call('submitForm', `${target}${CREATE}`));
      assert.ok([401, 403].includes((await answered).status()), target);
      await form.close();
    }
    assert.deepEqual(await experiments(), before);
  });

  it('reads not one byte', async () => {
    for (const target of targets()) {
      for (const asked of READS) {
        const url = `${target}${asked}`;
        assert.equal(await page.evaluate(call('read', url)), '', url);
      }
    }
  });

  it('gets nothing under a name of its own, where the browser would let it read', async () => {
    for (const host of ['0.0.0.0', EVIL]) {
      const rebound = await browser.newPage();
      for (const asked of READS) {
        const answer = await rebound.goto(`http://${host}:${daemon.connection.port}${asked}`);
        assert.equal(answer?.status(), 403, `${host}${asked}`);
      }
      await rebound.close();
    }
  });

  it('is never invited by a header', async () => {
    const answers = await Promise.all(
      ['OPTIONS', 'POST'].map(method =>
        fetch(`${daemon.url}${CREATE}`, {
          method,
          headers: {
            origin: `http://${EVIL}`,
            'access-control-request-method': 'POST',
            'access-control-request-private-network': 'true',
            authorization: `Bearer ${daemon.secrets.owner}`,
          },
        }),
      ),
    );
    for (const answer of answers) {
      assert.equal(answer.status, 403);
      const names = [...answer.headers.keys()];
      assert.deepEqual(
        names.filter(name => name.startsWith('access-control-')),
        [],
      );
    }
  });
});

/** A call of one of the page's functions. */
function call(name: string, input: unknown): string {
  return `${name}(${JSON.stringify(input)})`;
}
