import { Readable } from 'node:stream';
import type { Request } from 'express';
import { sendArtifact } from '../artifacts/download.ts';
import { listBelow, listNames, sendListing } from '../artifacts/listing.ts';
import type { MultipartUploads } from '../artifacts/multipart.ts';
import { checkArtifactFile, checkArtifactPath, decodeOnce } from '../artifacts/paths.ts';
import { requireStorePath, runRoot } from '../artifacts/routes.ts';
import type { ArtifactService } from '../artifacts/service.ts';
import { ApiError, invalid } from '../contract/errors.ts';
import type { ArtifactFile } from '../contract/runs.ts';
import { limitedBody } from '../http/body.ts';
import type { LoggedModelService } from '../models/service.ts';
import type { RegistryService } from '../registry/service.ts';
import type { StageService } from '../registry/stages.ts';
import type { TrackingService } from '../tracking/service.ts';
import { Fields } from './fields.ts';
import { versionKey } from './model-versions.ts';
import { type MlflowRoute, PREFIXES, route } from './route.ts';
import { runIdOf } from './runs.ts';

/** What artifact routes work with. */
export interface ArtifactParts {
  readonly artifacts: ArtifactService;
  readonly uploads: MultipartUploads;
  readonly tracking: TrackingService;
  readonly models: LoggedModelService;
  readonly registry: RegistryService;
  readonly stages: StageService;
}

/** Largest file that MLflow's pages may upload, in bytes. */
const PAGE_UPLOAD_LIMIT = 10 * 1024 * 1024;

const PROXY = '/mlflow-artifacts/artifacts';

/** The answer to a request for a folder's files. */
interface Listing {
  readonly head: Readonly<Record<string, string>>;
  readonly files: AsyncIterable<ArtifactFile>;
}

/** A route that lists files, with parameters in the query and the path. */
function listing(
  path: string,
  list: (fields: Fields, params: Request['params']) => Promise<Listing>,
): MlflowRoute {
  return {
    method: 'GET',
    prefixes: PREFIXES.v2,
    path,
    handle: async (request, response) => {
      const { head, files } = await list(new Fields(request.query, 'query'), request.params);
      await sendListing(response, head, files);
    },
  };
}

/** The proxy that clients upload to and download from. */
export function artifactProxyRoutes({ artifacts }: ArtifactParts): MlflowRoute[] {
  return [
    listing(PROXY, async fields => ({
      head: {},
      // The proxy tells names, where other listings tell paths.
      files: listNames(artifacts, fields.string('path') ?? ''),
    })),
    {
      method: 'GET',
      prefixes: PREFIXES.v2,
      path: `${PROXY}/*path`,
      handle: (request, response) => sendArtifact(artifacts, proxiedPath(request), request, response),
    },
    {
      method: 'PUT',
      prefixes: PREFIXES.v2,
      path: `${PROXY}/*path`,
      handle: async (request, response) => {
        await artifacts.upload(proxiedPath(request), request);
        response.json({});
      },
    },
    {
      method: 'DELETE',
      prefixes: PREFIXES.v2,
      path: `${PROXY}/*path`,
      handle: async (request, response) => {
        await artifacts.remove(proxiedPath(request));
        response.json({});
      },
    },
    route('GET', '/mlflow-artifacts/presigned/*path', () => {
      throw new ApiError(
        'NOT_IMPLEMENTED',
        'Multipart download is not supported for the current artifact repository',
      );
    }),
  ];
}

/** Artifacts of a run, a logged model or a version. */
export function artifactRoutes(parts: ArtifactParts): MlflowRoute[] {
  const { artifacts, tracking, models } = parts;
  const under = (uri: string, folder: string): Listing => ({
    head: { root_uri: uri },
    files: listBelow(artifacts, requireStorePath(uri), folder),
  });
  return [
    listing('/mlflow/artifacts/list', async fields => {
      const folder = checkArtifactPath(fields.string('path') ?? '');
      const { artifactUri } = await tracking.getRun(runIdOf(fields));
      return under(artifactUri, folder);
    }),
    listing('/mlflow/logged-models/:modelId/artifacts/directories', async (fields, params) => {
      const folder = checkArtifactPath(fields.string('artifact_directory_path') ?? '');
      const { model } = await models.get(String(params.modelId));
      return under(model.artifactUri, folder);
    }),
    presignedRoute('upload', parts),
    presignedRoute('download', parts),
    ...downloadRoutes(parts),
    {
      method: 'POST',
      prefixes: PREFIXES.v2Ajax,
      path: '/mlflow/upload-artifact',
      handle: async (request, response) => {
        const { runId, path } = pageUpload(request);
        const content = pageBody(request);
        await artifacts.upload(`${await runRoot(tracking, runId)}/${path}`, content);
        response.json({});
      },
    },
  ];
}

/** Addresses that go past the server, which there are none of: MLflow's clients then use the proxy. */
function presignedRoute(direction: 'upload' | 'download', { tracking }: ArtifactParts): MlflowRoute {
  return route('POST', `/mlflow/artifacts/presigned-${direction}-url`, async ({ fields }) => {
    const runId = fields.requiredString('run_id');
    checkArtifactFile(fields.requiredString('path'));
    await tracking.getRun(runId);
    throw invalid(
      `Presigned ${direction} is not supported for runs with proxied artifact storage. Use ` +
        '/api/2.0/mlflow-artifacts/artifacts/<path> instead.',
    );
  });
}

function downloadRoutes({ artifacts, tracking, models, registry }: ArtifactParts): MlflowRoute[] {
  return [
    {
      method: 'GET',
      prefixes: PREFIXES.none,
      path: '/get-artifact',
      handle: async (request, response) => {
        const fields = new Fields(request.query, 'query');
        const path = checkArtifactFile(fields.requiredString('path'));
        const root = await runRoot(tracking, runIdOf(fields));
        await sendArtifact(artifacts, `${root}/${path}`, request, response);
      },
    },
    {
      method: 'GET',
      prefixes: PREFIXES.none,
      path: '/model-versions/get-artifact',
      handle: async (request, response) => {
        const fields = new Fields(request.query, 'query');
        const path = checkArtifactFile(fields.requiredString('path'));
        const { name, version } = versionKey(fields);
        const { storageLocation } = await registry.getVersion(name, version);
        await sendArtifact(artifacts, `${requireStorePath(storageLocation)}/${path}`, request, response);
      },
    },
    {
      method: 'GET',
      prefixes: PREFIXES.v2Ajax,
      path: '/mlflow/logged-models/:modelId/artifacts/files',
      handle: async (request, response) => {
        const fields = new Fields(request.query, 'query');
        const path = checkArtifactFile(fields.requiredString('artifact_file_path'));
        const { model } = await models.get(String(request.params.modelId));
        await sendArtifact(artifacts, `${requireStorePath(model.artifactUri)}/${path}`, request, response);
      },
    },
  ];
}

function proxiedPath(request: Request): string {
  return checkArtifactFile(pathBelow(request, PROXY));
}

/** What stands in a URL below a route, from its raw form: what a router decodes may hide a slash. */
export function pathBelow(request: Request, route: string): string {
  const [url = ''] = request.originalUrl.split('?', 1);
  return decodeOnce(url.slice(url.indexOf(`${route}/`) + route.length + 1));
}

function pageUpload(request: Request): { runId: string; path: string } {
  const fields = new Fields(request.query, 'query');
  const runId = fields.string('run_uuid');
  const path = fields.string('path');
  if (!runId) throw invalid('Request must specify run_uuid.');
  if (!path) throw invalid('Request must specify path.');
  return { runId, path: checkArtifactFile(path) };
}

/** The body, unless it is empty or too long. */
function pageBody(request: Request): Readable {
  const body = limitedBody(
    request,
    PAGE_UPLOAD_LIMIT,
    new ApiError('PAYLOAD_TOO_LARGE', `Artifact size is too large. Max size is ${PAGE_UPLOAD_LIMIT} bytes.`),
  );
  async function* checked(): AsyncGenerator<Buffer> {
    let empty = true;
    for await (const chunk of body) {
      empty = false;
      yield chunk;
    }
    if (empty) throw invalid('Request must specify data.');
  }
  return Readable.from(checked(), { objectMode: false });
}
