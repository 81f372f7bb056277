/** Uploads in parts, as MLflow's clients make them. */
import { type Answer, type MlflowWire, succeeded } from './mlflow.ts';

/** Where and how a part is to be sent. */
export interface PartCredential {
  readonly url: string;
  readonly part_number: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** The answer to the beginning of an upload. */
export interface BegunUpload {
  readonly upload_id: string;
  readonly credentials: readonly PartCredential[];
}

/** A part as the end of an upload names it. */
export interface SentPart {
  readonly part_number: number;
  readonly etag: string;
  readonly url: string;
}

/** Posts to `mpu/<action>/…` for an artifact. */
export function multipart(
  wire: MlflowWire,
  action: 'create' | 'complete' | 'abort',
  artifact: string,
  body: object,
): Promise<Answer> {
  const names = artifact.split('/').map(encodeURIComponent);
  const file = names.pop();
  return wire.send(
    'POST',
    `/api/2.0/mlflow-artifacts/mpu/${action}/${names.join('/')}`,
    JSON.stringify({ path: `/home/ada/${decodeURIComponent(file ?? '')}`, ...body }),
    { 'content-type': 'application/json' },
  );
}

/** Begins an upload, which must succeed. */
export async function beginUpload(wire: MlflowWire, artifact: string, count: number): Promise<BegunUpload> {
  return succeeded<BegunUpload>(await multipart(wire, 'create', artifact, { num_parts: count }));
}

/** Sends a part with the headers of its credential, or others. */
export function putPart(
  credential: PartCredential,
  content: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = credential.headers,
): Promise<Response> {
  return fetch(credential.url, { method: 'PUT', body: content, headers });
}

/** Sends a part, which must succeed. */
export async function sendPart(
  credential: PartCredential,
  content: string | Uint8Array<ArrayBuffer>,
): Promise<SentPart> {
  const { part_number, url } = credential;
  const response = await putPart(credential, content);
  if (!response.ok) throw new Error(await response.text());
  await response.body?.cancel();
  return { part_number, url, etag: response.headers.get('etag') ?? '' };
}
