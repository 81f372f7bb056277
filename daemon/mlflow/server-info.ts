/** What clients ask about the server before they use it. */
import { type MlflowRoute, PREFIXES } from './route.ts';

/** The release of the MLflow protocol that is spoken; clients compare it with their own. */
const PROTOCOL_VERSION = '3.17.0';

/** What is denied here the newest client does not try. */
const SERVER_INFO = {
  store_type: 'SqlStore',
  workspaces_enabled: false,
  trace_archival_enabled: false,
  multipart_uploads_enabled: true,
  multipart_downloads_enabled: false,
};

export function serverInfoRoutes(): MlflowRoute[] {
  const features = () => ({ workspaces_enabled: SERVER_INFO.workspaces_enabled });
  return [
    { method: 'GET', prefixes: PREFIXES.v3, path: '/mlflow/server-info', answer: () => SERVER_INFO },
    { method: 'GET', prefixes: PREFIXES.v3, path: '/mlflow/server-features', answer: features },
    { method: 'GET', prefixes: PREFIXES.v2, path: '/mlflow/server-features', answer: features },
    {
      method: 'GET',
      prefixes: PREFIXES.none,
      path: '/version',
      handle: (_request, response) => {
        response.type('text/plain').send(PROTOCOL_VERSION);
      },
    },
  ];
}
