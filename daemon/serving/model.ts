/** What is served and by what: pure rules over a model's folder, as MLflow lays it out. */
import { parse } from 'yaml';
import * as z from 'zod';
import { ApiError } from '../contract/errors.ts';
import type { Stage } from '../contract/models.ts';

/** Which version of a model is to predict. */
export type Target = { readonly stage: Stage } | { readonly version: number };

/** Served when a request names neither stage nor version. There is no fallback: what is not promoted is not served unasked. */
export const DEFAULT_TARGET: Target = { stage: 'Production' };

/** A release of a version by somebody who may have code run. */
export interface Release {
  /** SHA-256 of its files as they were then (`folderDigest`); null when it was not had. */
  readonly digest: string | null;
}

/** A version with its files at hand. */
export interface ServableVersion {
  readonly name: string;
  readonly version: number;
  readonly stage: Stage;
  /** Local folder of the model's files. */
  readonly folder: string;
  /** Hash of the Python environment that the model was trained in, when that is known. */
  readonly environment: string | null;
  /** That the owner or a pipeline moved it to its stage, Staging or Production; null when neither did. */
  readonly release: Release | null;
}

/** How a version is to be run. */
export type Plan =
  | { readonly runtime: 'onnx'; readonly file: string; readonly columns: readonly string[] }
  | { readonly runtime: 'pyfunc' };

/** Head of a request frame; the body is the request's body. */
export interface RequestHead {
  readonly id: number;
  readonly contentType: string;
}

/** Head of a frame from a model process: first whether it has loaded the model, then answers, whose body is JSON. */
export const ReplyHead = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ failed: z.string() }),
  z.object({ id: z.number().int(), status: z.number().int().min(200).max(599) }),
]);

/** What an ONNX process is told when it starts. */
export const OnnxSettings = z.object({
  file: z.string(),
  /** Input columns in the order of the model's signature; empty when it has none. */
  columns: z.array(z.string()),
});
export type OnnxSettings = z.infer<typeof OnnxSettings>;

const Manifest = z.object({
  flavors: z.record(z.string(), z.unknown()).default({}),
  signature: z.object({ inputs: z.string().nullish() }).nullish(),
});
const OnnxFlavor = z.object({ data: z.string() });
const Columns = z.array(z.object({ name: z.string() }));

/**
 * Chooses how a model is run: ONNX wherever there is an ONNX model, for it needs no Python; else MLflow's pyfunc.
 *
 * @param manifest text of the folder's MLmodel, when there is one
 * @param files names of the files in the folder itself
 * @throws ApiError BAD_REQUEST when it can be run in neither way
 */
export function planRuntime(manifest: string | undefined, files: readonly string[]): Plan {
  const { flavors, signature } = readManifest(manifest);
  const onnx = OnnxFlavor.safeParse(flavors.onnx);
  const file = onnx.success ? onnx.data.data : files.find(name => name.endsWith('.onnx'));
  if (file !== undefined) return { runtime: 'onnx', file, columns: columnsOf(signature?.inputs) };
  if ('python_function' in flavors) return { runtime: 'pyfunc' };
  const found = Object.keys(flavors).join(', ') || 'no flavour';
  throw new ApiError(
    'BAD_REQUEST',
    `The model cannot be served: it has ${found}; log it as an MLflow model with python_function, or as ONNX.`,
  );
}

function readManifest(text: string | undefined): z.infer<typeof Manifest> {
  if (text === undefined) return { flavors: {} };
  try {
    return Manifest.parse(parse(text, { schema: 'core', maxAliasCount: 0 }));
  } catch (error) {
    throw new ApiError('BAD_REQUEST', `The model's MLmodel file cannot be read: ${(error as Error).message}`);
  }
}

function columnsOf(inputs: string | null | undefined): string[] {
  if (!inputs) return [];
  try {
    return Columns.parse(JSON.parse(inputs)).map(column => column.name);
  } catch {
    // Signatures of tensors have no columns.
    return [];
  }
}
