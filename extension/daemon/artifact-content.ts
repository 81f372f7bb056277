/** The bytes of a run's artifacts. */
import { ARTIFACT_CONTENT_PATH, type ArtifactFile, listArtifacts } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from './store-connection.ts';

/** An artifact of a run, by its path. */
export interface ArtifactPlace {
  readonly connection: StoreConnection;
  readonly runId: string;
  readonly path: string;
}

/** An artifact's first bytes, and whether these are all. @param limit in bytes */
export async function readStart(
  place: ArtifactPlace,
  limit: number,
): Promise<{ content: Buffer; whole: boolean }> {
  const response = await request(place);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > limit) break;
  }
  const content = Buffer.concat(chunks);
  return { content: content.subarray(0, limit), whole: content.length <= limit };
}

/** Bytes of an artifact. @param end the first that is not wanted */
export async function readPart(place: ArtifactPlace, start: number, end: number): Promise<ArrayBuffer> {
  return (await request(place, { range: `bytes=${start}-${end - 1}` })).arrayBuffer();
}

/** What the list of its folder says of an artifact; undefined when there is none of this path. */
export async function findArtifact({
  connection,
  runId,
  path,
}: ArtifactPlace): Promise<ArtifactFile | undefined> {
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  const { files } = await connection.call(listArtifacts, { params: { runId }, query: { path: folder } });
  return files.find(file => file.path === path);
}

async function request(
  { connection, runId, path }: ArtifactPlace,
  headers: Record<string, string> = {},
): Promise<Response> {
  const client = await connection.connect();
  const address = ARTIFACT_CONTENT_PATH.replace(':runId', encodeURIComponent(runId));
  return client.fetch(`${address}?${new URLSearchParams({ path })}`, { headers });
}
