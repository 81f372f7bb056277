import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { ByteRange } from './model.ts';
import type { ArtifactService, RecordedArtifact } from './service.ts';

/** Shown as text wherever they are opened; nothing is ever to be run as a page or script. */
const TEXT_NAMES =
  /^(MLmodel|MLproject)$|\.(txt|log|err|cfg|conf|cnf|ini|properties|env|prop|props|md|rst|py|js|ts|r|sh|bat|sql|jinja|yaml|yml|json|jsonl|toml|csv|tsv|html?|xml|svg)$/i;

/**
 * Answers with the bytes of an artifact, as an attachment: all of them, one range of them (206), or none where the
 * client has them already (304) or asks for what is beyond the end (416).
 *
 * @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such file
 */
export async function sendArtifact(
  artifacts: ArtifactService,
  artifact: string,
  request: Request,
  response: Response,
): Promise<void> {
  const file = await artifacts.open(artifact);
  try {
    describe(file, response);
    if (request.fresh) {
      response.status(304).end();
      return;
    }
    const { size } = file.entry;
    const range = rangeOf(request, response, size);
    if (range === 'beyond') {
      response.status(416).removeHeader('content-disposition');
      response.setHeader('content-range', `bytes */${size}`);
      response.end();
      return;
    }
    if (range) response.status(206).setHeader('content-range', `bytes ${range.start}-${range.end}/${size}`);
    response.setHeader('content-length', range ? range.end - range.start + 1 : size);
    if (request.method === 'HEAD') response.end();
    else await pipeline(await file.read(range), response).catch(() => response.destroy());
  } finally {
    await file.close();
  }
}

function describe({ entry, sha256 }: RecordedArtifact, response: Response): void {
  const name = path.posix.basename(entry.path);
  // The type by the name's ending, unless it is one that a browser would show as more than text.
  response.attachment(name);
  // Without a charset: what encoding a file has is not known.
  if (TEXT_NAMES.test(name)) response.setHeader('content-type', 'text/plain');
  else if (!response.get('content-type')) response.type('application/octet-stream');
  response.setHeader('accept-ranges', 'bytes');
  response.setHeader('last-modified', new Date(entry.modifiedAt).toUTCString());
  if (sha256) response.setHeader('etag', `"${sha256}"`);
}

/**
 * The one range that is asked for; undefined for the whole file, which also answers several ranges, other units, and
 * `If-Range` with anything but the present ETag, as the standard allows.
 */
function rangeOf(request: Request, response: Response, size: number): ByteRange | 'beyond' | undefined {
  const condition = request.get('if-range');
  if (request.method !== 'GET' || (condition !== undefined && condition !== response.get('etag')))
    return undefined;
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(request.get('range') ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  return start <= end ? { start, end } : 'beyond';
}
