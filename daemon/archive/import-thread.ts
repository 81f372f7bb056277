/** The thread that reads a foreign store. Started by source.ts; it hands over one thing for each time it is asked. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { ImportProblem } from '../contract/imports.ts';
import { failure, type Outcome } from '../database/outcome.ts';
import type { PartName, Reporter, SourceParts, SourceReader } from './model.ts';
import { openSource, type SourceRequest } from './open-source.ts';

/** Asks for the next thing of a part. */
export type SourceQuestion = PartName;

/** Answers, in the order of the questions; the first one without a question. */
export type SourceMessage =
  | { readonly opened: Outcome }
  /** Its value is undefined when the part has no more. */
  | { readonly next: Outcome }
  | { readonly problem: ImportProblem }
  | { readonly note: string };

function serve(port: MessagePort, request: SourceRequest): void {
  const send = (message: SourceMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);
  const notes = new Set<string>();
  const reporter: Reporter = {
    problem: (place, message, line) =>
      send({ problem: { place, message, ...(line === undefined ? {} : { line }) } }),
    note: text => {
      if (notes.has(text)) return;
      notes.add(text);
      send({ note: text });
    },
  };
  let reader: SourceReader;
  let runs: number;
  try {
    reader = openSource(request, reporter);
    runs = reader.countRuns();
  } catch (error) {
    send({ opened: failure(error) });
    return;
  }
  send({ opened: { ok: true, value: runs } });

  const parts = reader.read();
  const open = new Map<PartName, Iterator<SourceParts[PartName]>>();
  port.on('message', (part: SourceQuestion) => {
    let iterator = open.get(part);
    if (!iterator) {
      iterator = parts[part]()[Symbol.iterator]();
      open.set(part, iterator);
    }
    try {
      const { value, done } = iterator.next();
      send({ next: { ok: true, value: done ? undefined : value } }, done ? [] : buffersOf(value));
    } catch (error) {
      send({ next: failure(error) });
    }
  });
}

/** What moves to the other thread instead of being copied. */
function buffersOf(thing: SourceParts[PartName]): ArrayBuffer[] {
  if (!('metrics' in thing)) return [];
  return thing.metrics.flatMap(metric =>
    [metric.steps, metric.timestamps, metric.values].map(column => column.buffer as ArrayBuffer),
  );
}

if (parentPort) serve(parentPort, workerData as SourceRequest);
