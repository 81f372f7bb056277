/** Uploads in parts through the proxy: MLflow's clients send large files so, several parts at a time. */
import { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import { MAX_PART_BYTES, type MultipartUploads, type SentPart } from '../artifacts/multipart.ts';
import { checkArtifactFile } from '../artifacts/paths.ts';
import { ApiError } from '../contract/errors.ts';
import { limitedBody, readJson } from '../http/body.ts';
import { pathBelow } from './artifacts.ts';
import { Fields } from './fields.ts';
import { type MlflowRoute, PREFIXES } from './route.ts';

const MULTIPART = '/mlflow-artifacts/mpu';
const PART_PREFIX = '/api/2.0';
const PARTS = `${MULTIPART}/parts`;

export function multipartRoutes(uploads: MultipartUploads): MlflowRoute[] {
  return [
    action('create', async (path, fields, { headers }) => {
      const count = fields.require('num_parts', fields.integer('num_parts'));
      const { id, token } = await uploads.create(path, count);
      // The name by which this client reaches the daemon; the guard has checked that it is one of the daemon's.
      const address = `http://${headers.host}${PART_PREFIX}${PARTS}/${id}`;
      return {
        upload_id: id,
        credentials: Array.from({ length: count }, (_, index) => ({
          url: `${address}/${index + 1}`,
          part_number: index + 1,
          // Clients send these with the part, and nothing of their own.
          headers: { Authorization: `Bearer ${token}` },
        })),
      };
    }),
    action('complete', async (path, fields) => {
      await uploads.complete(fields.requiredString('upload_id'), path, fields.messages('parts').map(toPart));
      return {};
    }),
    action('abort', async (path, fields) => {
      await uploads.abort(fields.requiredString('upload_id'), path);
      return {};
    }),
    {
      method: 'PUT',
      prefixes: [PART_PREFIX],
      path: `${PARTS}/:uploadId/:number`,
      access: 'upload',
      handle: async (request, response, principal) => {
        const { uploadId, number } = request.params as { uploadId: string; number: string };
        if (principal.uploadId !== uploadId)
          throw new ApiError(
            'PERMISSION_DENIED',
            'A part is taken only with the headers that came with its address when the upload began.',
          );
        const body = Readable.from(limitedBody(request, MAX_PART_BYTES), { objectMode: false });
        const etag = await uploads.receive(uploadId, Number(number), body);
        response.set('etag', `"${etag}"`).json({});
      },
    },
  ];
}

/** A route that acts on the upload of an artifact; uploads take no `Idempotency-Key`. */
function action(
  name: string,
  act: (path: string, fields: Fields, request: Request) => Promise<object>,
): MlflowRoute {
  const route = `${MULTIPART}/${name}`;
  return {
    method: 'POST',
    prefixes: PREFIXES.v2,
    path: `${route}/*path`,
    handle: async (request: Request, response: Response) => {
      const fields = Fields.ofBody(await readJson(request));
      // Clients name the artifact's folder in the address, and their own file, of which the name counts, in the body.
      const file = fields.requiredString('path').split(/[/\\]/).at(-1);
      const path = checkArtifactFile(`${pathBelow(request, route)}/${file}`);
      response.json(await act(path, fields, request));
    },
  };
}

function toPart(fields: Fields): SentPart {
  return {
    number: fields.require('part_number', fields.integer('part_number')),
    etag: fields.requiredString('etag'),
  };
}
