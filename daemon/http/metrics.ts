/** `/metrics`: the daemon's own state for Prometheus. */
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Activity } from '../life/activity.ts';
import type { ApiRouter } from './router.ts';

/** Puts `/metrics` on the router; every request to the router is counted from then on. */
export function mountMetrics(router: ApiRouter, activity: Activity): void {
  const registry = new Registry();
  const requests = new Histogram({
    name: 'modelthat_http_request_seconds',
    help: 'Duration of requests',
    labelNames: ['method', 'status'],
    registers: [registry],
  });
  const occupation = new Gauge({
    name: 'modelthat_occupation',
    help: 'What keeps the daemon busy, by kind',
    labelNames: ['kind'],
    registers: [registry],
    async collect() {
      for (const [kind, count] of Object.entries(await activity.status()))
        if (typeof count === 'number' && kind !== 'idleStopAt') occupation.set({ kind }, count);
    },
  });
  let started = false;
  router.raw({ method: 'GET', path: '/metrics', access: 'tracking' }, async (_request, response) => {
    // Watching the event loop and the garbage collector costs something: only for those who look.
    if (!started) collectDefaultMetrics({ register: registry });
    started = true;
    response.type(registry.contentType).send(await registry.metrics());
  });
  router.onAnswer((method, status, seconds) => requests.observe({ method, status }, seconds));
}
