import assert from 'node:assert/strict';
import { EVENTS_PATH } from '../../daemon/contract/events.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

interface Frame {
  readonly id: string;
  readonly event: string | undefined;
  readonly data: { topic?: string; id?: string; kind?: string };
}

describe('the event stream', () => {
  let daemon: TestDaemon;
  const streams: AbortController[] = [];
  before(async () => {
    daemon = await startDaemon();
  });
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.abort();
  });
  after(() => daemon.dispose());

  /** Opens the stream. @returns a function that gives the next frame */
  async function open(lastId?: string): Promise<() => Promise<Frame>> {
    const controller = new AbortController();
    streams.push(controller);
    const response = await daemon.trackingClient.fetch(EVENTS_PATH, {
      signal: controller.signal,
      ...(lastId === undefined ? {} : { headers: { 'last-event-id': lastId } }),
    });
    const frames = readFrames(response);
    return async () => {
      const { value, done } = await frames.next();
      if (done) throw new Error('the stream has ended');
      return value;
    };
  }

  const post = (path: string, body: unknown) =>
    daemon.trackingClient.fetch(`/api/2.0/mlflow/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  it('tells of a change', async () => {
    const next = await open();
    assert.equal((await next()).event, 'hello');
    await post('experiments/create', { name: 'told' });
    const { data } = await next();
    assert.deepEqual([data.topic, data.kind], ['experiment', 'created']);
  });

  it('tells once of many changes of one run', async () => {
    const next = await open();
    await next();
    const created = await post('runs/create', { experiment_id: '0', start_time: 1 });
    const { run } = (await created.json()) as { run: { info: { run_id: string } } };
    for (let step = 0; step < 50; step += 1)
      await post('runs/log-metric', {
        run_id: run.info.run_id,
        key: 'loss',
        value: step,
        timestamp: 1,
        step,
      });
    await post('experiments/create', { name: 'after the run' });
    let told = 0;
    for (;;) {
      const { data } = await next();
      if (data.topic === 'run' && data.id === run.info.run_id) told += 1;
      if (data.topic === 'experiment' && data.kind === 'created') break;
    }
    assert.ok(told >= 1 && told < 25, `${told} events for 50 changes`);
  });

  it('goes on where a client left off', async () => {
    const first = await open();
    const { id } = await first();
    await post('experiments/create', { name: 'before the break' });
    const missed = await first();
    const resumed = await open(id);
    assert.deepEqual(await resumed(), missed);
  });

  it('asks a client for a reload when what it missed is no longer known', async () => {
    const next = await open('12345');
    assert.equal((await next()).event, 'reset');
  });
});

async function* readFrames(response: Response): AsyncGenerator<Frame> {
  let rest = '';
  if (!response.body) return;
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) if (!part.startsWith(':')) yield parseFrame(part);
  }
}

function parseFrame(text: string): Frame {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1];
  return { id: field('id') ?? '', event: field('event'), data: JSON.parse(field('data') ?? '{}') };
}
