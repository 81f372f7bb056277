import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { missing } from '../contract/errors.ts';
import type { ArtifactService } from './service.ts';

/** Shown as text wherever they are opened; nothing is ever to be run as a page or script. */
const TEXT_NAMES =
  /^(MLmodel|MLproject)$|\.(txt|log|err|cfg|conf|cnf|ini|properties|env|prop|props|md|rst|py|js|ts|r|sh|bat|sql|jinja|yaml|yml|json|jsonl|toml|csv|tsv|html?|xml|svg)$/i;

/**
 * Answers with the bytes of an artifact, as an attachment.
 *
 * @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such file
 */
export async function sendArtifact(
  artifacts: ArtifactService,
  artifact: string,
  request: Request,
  response: Response,
): Promise<void> {
  const entry = await artifacts.files.stat(artifact);
  if (!entry || entry.isDir) throw missing(`No such artifact: '${artifact}'`);
  const sha256 = await artifacts.sha256(entry);
  const name = path.posix.basename(entry.path);
  // The type by the name's ending, unless it is one that a browser would show as more than text.
  response.attachment(name);
  if (TEXT_NAMES.test(name)) response.type('text/plain');
  else if (!response.get('content-type')) response.type('application/octet-stream');
  response.setHeader('content-length', entry.size);
  if (sha256) response.setHeader('etag', `"${sha256}"`);
  if (request.method === 'HEAD' || request.fresh) {
    response.status(request.fresh ? 304 : 200).end();
    return;
  }
  // Not beyond the announced length, should the file grow meanwhile.
  const content = await artifacts.files.read(artifact, { start: 0, end: Math.max(0, entry.size - 1) });
  await pipeline(content, response).catch(() => response.destroy());
}
