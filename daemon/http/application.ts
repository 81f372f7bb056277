/** What answers a request that has passed the checks. */
import express from 'express';
import { ApiError } from '../contract/errors.ts';
import type { Logger } from '../log.ts';
import { sendError, toApiError } from './errors.ts';
import type { ApiRouter } from './router.ts';

/** The routes, with an answer for what is none of them and for what they throw. */
export function application(router: ApiRouter, log: Logger): express.Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing');
  app.use((request: express.Request, _response: express.Response, next: express.NextFunction) => {
    // An address that was joined with one slash too many, which MLflow's server forgives.
    request.url = request.url.replace(/^\/{2,}/, '/');
    next();
  });
  app.use(router.express);
  app.use((request: express.Request) => {
    throw new ApiError(
      'ENDPOINT_NOT_FOUND',
      `There is no ${request.method} ${request.path}; /openapi.json lists what there is.`,
    );
  });
  app.use(
    (error: unknown, request: express.Request, response: express.Response, _next: express.NextFunction) => {
      passOver(request, response);
      sendError(response, toApiError(error, log));
    },
  );
  return app;
}

/** Reads what is left of a refused body: the next request comes after it, and many clients send all before they listen. */
function passOver(request: express.Request, response: express.Response): void {
  if (request.complete) return;
  if (request.destroyed && !response.headersSent) response.setHeader('connection', 'close');
  else request.resume();
}
