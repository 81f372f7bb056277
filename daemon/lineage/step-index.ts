/** Which steps read and made which data: pure. */
import { dataId, stepId, touches } from './model.ts';

/** What a step made. */
export interface Made {
  readonly digest: string | null;
  readonly size: number | null;
}

/** A step of an execution, with what its data held. Paths as `placeOf` writes them. */
export interface StepFacts {
  readonly execution: string;
  readonly step: string;
  readonly file: string;
  /** When it began; null when it did not. */
  readonly startTime: number | null;
  readonly runId: string | null;
  /** Whether an earlier result stands for its commands. */
  readonly reused: boolean;
  /** Whether its digests are DVC's. */
  readonly dvc: boolean;
  readonly reads: ReadonlyMap<string, string | null>;
  readonly makes: ReadonlyMap<string, Made>;
}

/** One version of data, as steps know it. */
export interface DataVersion {
  readonly path: string;
  readonly digest: string | null;
  readonly size: number | null;
  readonly dvc: boolean;
}

/** The steps of a store, newest first, by what they read and made. */
export class StepIndex {
  readonly #steps = new Map<string, StepFacts>();
  readonly #readers = new Map<string, StepFacts[]>();
  readonly #makers = new Map<string, StepFacts[]>();
  readonly #byRun = new Map<string, StepFacts>();
  readonly #byExecution = new Map<string, StepFacts[]>();
  readonly #data = new Map<string, DataVersion>();

  /** @param steps newest first */
  constructor(steps: readonly StepFacts[]) {
    for (const step of withoutRepeated(steps)) {
      this.#steps.set(stepId(step.execution, step.step), step);
      add(this.#byExecution, step.execution, step);
      if (step.runId !== null && !(step.reused && this.#byRun.has(step.runId)))
        this.#byRun.set(step.runId, step);
      for (const [path, digest] of step.reads) this.addRead(step, path, digest);
      for (const [path, made] of step.makes) {
        add(this.#makers, dataId(path, made.digest), step);
        this.#know({ path, ...made, dvc: step.dvc });
      }
    }
  }

  /** Adds what a step read besides. */
  addRead(step: StepFacts, path: string, digest: string | null): void {
    const id = dataId(path, digest);
    if (!this.#readers.get(id)?.includes(step)) add(this.#readers, id, step);
    this.#know({ path, digest, size: null, dvc: step.dvc });
  }

  /** Names of the nodes of all steps. */
  get ids(): Iterable<string> {
    return this.#steps.keys();
  }

  step(id: string): StepFacts | undefined {
    return this.#steps.get(id);
  }

  /** The step that logged to a run. */
  ofRun(run: string): StepFacts | undefined {
    return this.#byRun.get(run);
  }

  ofExecution(execution: string): readonly StepFacts[] {
    return this.#byExecution.get(execution) ?? [];
  }

  data(id: string): DataVersion | undefined {
    return this.#data.get(id);
  }

  /** All versions of data, those of the newest steps first. */
  get versions(): Iterable<DataVersion> {
    return this.#data.values();
  }

  readersOf(id: string): readonly StepFacts[] {
    return this.#readers.get(id) ?? [];
  }

  /**
   * The step that made data: that of the reader's own execution; else the last that ended before the reader began; else
   * the newest. Other steps that made the same content are not told: they led to the same.
   */
  makerOf(id: string, reader?: StepFacts): StepFacts | undefined {
    const exact = (this.#makers.get(id) ?? []).filter(step => step !== reader);
    if (!reader) return exact[0];
    const before = (step: StepFacts) => (step.startTime ?? 0) <= (reader.startTime ?? 0);
    const own = exact.find(step => step.execution === reader.execution);
    return own ?? exact.find(before) ?? exact[0] ?? this.#makerOfPart(id, reader);
  }

  /** Data that the reader read, where it is a part of what a step of the same execution made, or the other way round. */
  partsReadOf(maker: StepFacts): { reader: StepFacts; path: string; digest: string | null }[] {
    return this.ofExecution(maker.execution).flatMap(reader =>
      [...reader.reads].flatMap(([path, digest]) =>
        this.makerOf(dataId(path, digest), reader) === maker && !isMade(maker, path, digest)
          ? [{ reader, path, digest }]
          : [],
      ),
    );
  }

  #makerOfPart(id: string, reader: StepFacts): StepFacts | undefined {
    const path = this.#data.get(id)?.path;
    if (path === undefined) return undefined;
    return this.ofExecution(reader.execution).find(
      step => step !== reader && [...step.makes.keys()].some(made => touches(made, path)),
    );
  }

  #know(version: DataVersion): void {
    const id = dataId(version.path, version.digest);
    const known = this.#data.get(id);
    if (!known || (known.size === null && version.size !== null)) this.#data.set(id, version);
  }
}

function isMade(maker: StepFacts, path: string, digest: string | null): boolean {
  const made = maker.makes.get(path);
  return made !== undefined && made.digest === digest;
}

/** Without steps that an earlier result stood for, where the step that had that result is there. */
function withoutRepeated(steps: readonly StepFacts[]): StepFacts[] {
  const signature = ({ file, step, reads, makes }: StepFacts) =>
    JSON.stringify([file, step, [...reads], [...makes].map(([path, { digest }]) => [path, digest])]);
  // Most steps ran: only what an earlier result stood for is compared with them.
  const reused = new Set(steps.filter(step => step.reused).map(({ file, step }) => `${file}\n${step}`));
  const ran = new Set(
    steps.filter(step => !step.reused && reused.has(`${step.file}\n${step.step}`)).map(signature),
  );
  const seen = new Set<string>();
  return steps.filter(step => {
    if (!step.reused) return true;
    const sign = signature(step);
    if (ran.has(sign) || seen.has(sign)) return false;
    seen.add(sign);
    return true;
  });
}

function add<Value>(to: Map<string, Value[]>, key: string, value: Value): void {
  const known = to.get(key);
  if (known) known.push(value);
  else to.set(key, [value]);
}
