/**
 * A program of its own: serves one ONNX model to the daemon over standard input and output (../frames.ts).
 *
 * It starts in an empty folder, with no secrets in its environment, because a model file is hostile input. What ONNX
 * calls external data is such a file's way to read others: it is followed only in a folder that holds nothing but plain
 * files. Otherwise the model is loaded from memory, where onnxruntime looks for external data in the working folder.
 */
import fs from 'node:fs';
import path from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { ApiError } from '../../contract/errors.ts';
import { encodeFrame, FrameReader } from '../frames.ts';
import { OnnxSettings, type RequestHead } from '../model.ts';
import { parseInvocation } from '../protocol.ts';
import { type InputSpec, toFeeds, toPredictions } from './tensors.ts';

const THREADS = 4;

/** A loaded model with what its inputs want. */
interface Loaded {
  readonly session: InferenceSession;
  readonly inputs: readonly InputSpec[];
  /** Outputs that are tensors: maps and sequences cannot leave onnxruntime's binding. */
  readonly outputs: readonly string[];
  readonly columns: readonly string[];
}

async function load({ file, columns }: OnnxSettings): Promise<Loaded> {
  const options: InferenceSession.SessionOptions = { logSeverityLevel: 3, intraOpNumThreads: THREADS };
  const session = holdsPlainFilesOnly(path.dirname(file))
    ? await InferenceSession.create(file, options)
    : await InferenceSession.create(fs.readFileSync(file), options);
  const inputs = session.inputMetadata.map(input => {
    if (input.isTensor) return input;
    throw new Error(`its input "${input.name}" is not a tensor`);
  });
  const outputs = session.outputMetadata.filter(output => output.isTensor).map(output => output.name);
  if (outputs.length === 0) throw new Error('it has no output that is a tensor');
  return { session, inputs, outputs, columns };
}

/** Whether no name in the folder can lead to a file elsewhere: no link of either kind, nothing but files and folders. */
function holdsPlainFilesOnly(folder: string): boolean {
  return fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).every(name => {
    const status = fs.lstatSync(path.join(folder, name));
    return status.isDirectory() || (status.isFile() && status.nlink === 1);
  });
}

async function predict(model: Loaded, contentType: string, body: Buffer): Promise<unknown> {
  const invocation = parseInvocation(contentType, body);
  const feeds = toFeeds(invocation, model.inputs, model.columns);
  const outputs = await model.session.run(feeds, model.outputs).catch((error: Error) => {
    throw new ApiError('BAD_REQUEST', `The model refused the input: ${error.message}`);
  });
  return { predictions: toPredictions(invocation.kind, outputs) };
}

async function answer(model: Loaded, head: RequestHead, body: Buffer): Promise<void> {
  try {
    send({ id: head.id, status: 200 }, await predict(model, head.contentType, body));
  } catch (error) {
    const failure =
      error instanceof ApiError ? error : new ApiError('INTERNAL_ERROR', (error as Error).message);
    send({ id: head.id, status: failure.status }, failure.toBody());
  }
}

function send(head: object, body?: unknown): void {
  for (const part of encodeFrame(head, Buffer.from(body === undefined ? '' : JSON.stringify(body))))
    process.stdout.write(part);
}

async function main(settings: OnnxSettings): Promise<void> {
  const model = await load(settings).catch((error: Error) => send({ failed: error.message }));
  if (!model) return;
  send({ ready: true });
  const reader = new FrameReader();
  // The daemon is gone when the input ends; then so is this process.
  process.stdin.on('data', (chunk: Buffer) => {
    for (const frame of reader.push(chunk)) void answer(model, frame.head as RequestHead, frame.body);
  });
}

await main(OnnxSettings.parse(JSON.parse(process.argv[2] ?? '')));
