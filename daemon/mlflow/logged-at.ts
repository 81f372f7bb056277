/** A header of ours on MLflow's requests: which line of which file logged what is in them. */
import type { IncomingHttpHeaders } from 'node:http';
import { LOGGED_AT_HEADER, LoggedAt } from '../contract/sources.ts';
import type { RawHandler } from '../http/router.ts';
import type { SourceService } from '../sources/service.ts';

/**
 * Has a handler keep where its request was made. Before the request is done: who is told of new metrics then finds their
 * places. A header that says nothing is passed over, and what cannot be kept keeps nothing from being logged.
 */
export function recordingPlaces(handler: RawHandler, sources: SourceService): RawHandler {
  return async (request, response, principal) => {
    const place = placeIn(request.headers);
    if (place) await sources.record(place).catch(() => {});
    await handler(request, response, principal);
  };
}

function placeIn(headers: IncomingHttpHeaders): LoggedAt | undefined {
  const text = headers[LOGGED_AT_HEADER];
  if (typeof text !== 'string') return undefined;
  try {
    return LoggedAt.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
