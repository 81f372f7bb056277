import { execFile } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { formatBytes } from '../contract/display.ts';
import { inheritedEnvironment } from '../processes/environment.ts';
import type { Resources } from './definition/resources.ts';

/** A step that waits for its turn. */
interface Waiter {
  readonly wanted: Resources;
  /** Counts all that ever waited: who came first. */
  readonly number: number;
  begin(): void;
}

/** What a step is given to work with. */
export interface Turn {
  /** The steps of one execution share an owner. */
  readonly owner: string;
  readonly wanted: Resources;
  /** The GPUs that it holds already: it runs, and waits for nothing. */
  readonly held?: readonly string[] | undefined;
  /** Aborted when the work is not to be done any more, if it has not begun. */
  readonly stop: AbortSignal;
  /** Told what is waited for, in a person's words. */
  waiting(what: string): void;
}

const run = promisify(execFile);

/** Cores are counted in thousandths, so that parts of them add up. */
const CORE = 1_000;

const KINDS = ['cpu', 'memory', 'gpu'] as const;
type Kind = (typeof KINDS)[number];

/**
 * The cores, memory and GPUs of this machine, shared by the steps of all executions. Whoever has the fewest steps running
 * is next, and within an execution whoever came first. What the next one lacks is kept for it as it comes free, so that
 * small steps do not keep out a large one for ever.
 */
export class Machine {
  readonly #cores: number;
  readonly #memory: number;
  readonly #findGpus: () => Promise<readonly string[]>;
  #gpus: Promise<readonly string[]> | undefined;
  #free: Record<Kind, number>;
  /** All GPUs, once they were asked for. */
  #listed: readonly string[] = [];
  #freeGpus: string[] = [];
  readonly #running = new Map<string, number>();
  readonly #waiting = new Map<string, Waiter[]>();
  #count = 0;

  constructor(
    cores = availableParallelism(),
    memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
    gpus = findGpus,
  ) {
    this.#cores = cores;
    this.#memory = memory;
    this.#findGpus = gpus;
    this.#free = { cpu: cores * CORE, memory, gpu: 0 };
  }

  /** Why a step can never run here; undefined when it can. */
  async whyNever({ cpu, memory, gpu }: Resources): Promise<string | undefined> {
    if (cpu > this.#cores) return `it needs ${inWords.cpu(cpu)}, and this machine has ${this.#cores}`;
    if (memory > this.#memory)
      return `it needs ${formatBytes(memory)} of memory, and this machine has ${formatBytes(this.#memory)}`;
    const gpus = gpu === 0 ? 0 : (await this.#allGpus()).length;
    if (gpu > gpus) return `it needs ${inWords.gpu(gpu)}, and this machine has ${gpus === 0 ? 'none' : gpus}`;
    return undefined;
  }

  /** Waits for what a step wants, works with it, and gives it back. @param work is told the GPUs that it has */
  async use(turn: Turn, work: (gpus: readonly string[]) => Promise<void>): Promise<void> {
    const { owner, wanted, held } = turn;
    if (wanted.gpu > 0) await this.#allGpus();
    const gpus = held ? this.#take(owner, wanted, held) : await this.#wait(turn);
    if (!gpus) return;
    try {
      await work(gpus);
    } finally {
      this.#giveBack(owner, wanted, gpus);
      this.#beginNext();
    }
  }

  /** @returns the GPUs that it has from now on; undefined when its turn was not waited for */
  #wait({ owner, wanted, stop, waiting }: Turn): Promise<readonly string[] | undefined> {
    if (stop.aborted) return Promise.resolve(undefined);
    return new Promise(resolve => {
      const queue = this.#waiting.get(owner) ?? [];
      this.#waiting.set(owner, queue);
      const leave = () => {
        queue.splice(queue.indexOf(waiter), 1);
        resolve(undefined);
        this.#beginNext();
      };
      const waiter: Waiter = {
        wanted,
        number: this.#count++,
        begin: () => {
          stop.removeEventListener('abort', leave);
          queue.splice(queue.indexOf(waiter), 1);
          resolve(this.#take(owner, wanted, this.#freeGpus.slice(0, wanted.gpu)));
        },
      };
      queue.push(waiter);
      stop.addEventListener('abort', leave, { once: true });
      this.#beginNext();
      if (queue.includes(waiter)) waiting(this.#describe(wanted));
    });
  }

  #take(owner: string, { cpu, memory, gpu }: Resources, gpus: readonly string[]): readonly string[] {
    this.#running.set(owner, (this.#running.get(owner) ?? 0) + 1);
    this.#freeGpus = this.#freeGpus.filter(each => !gpus.includes(each));
    this.#add({ cpu: -cpu, memory: -memory, gpu: -gpu });
    return gpus;
  }

  #giveBack(owner: string, wanted: Resources, gpus: readonly string[]): void {
    const left = (this.#running.get(owner) ?? 1) - 1;
    if (left > 0) this.#running.set(owner, left);
    else this.#running.delete(owner);
    if (this.#waiting.get(owner)?.length === 0) this.#waiting.delete(owner);
    const free = [...this.#freeGpus, ...gpus];
    this.#freeGpus = this.#listed.filter(id => free.includes(id));
    this.#add(wanted);
  }

  #add({ cpu, memory, gpu }: Resources): void {
    const free = this.#free;
    this.#free = {
      cpu: free.cpu + Math.round(cpu * CORE),
      memory: free.memory + memory,
      gpu: free.gpu + gpu,
    };
  }

  /** Begins all whose turn it is. */
  #beginNext(): void {
    for (let next = this.#next(); next; next = this.#next()) next.begin();
  }

  /** The first in line that can begin. What those before it lack is not for it. */
  #next(): Waiter | undefined {
    const kept = new Set<Kind>();
    for (const waiter of this.#inLine()) {
      const lacking = this.#lacking(waiter.wanted);
      const mustNotTake = KINDS.some(kind => waiter.wanted[kind] > 0 && kept.has(kind));
      if (lacking.length === 0 && !mustNotTake) return waiter;
      for (const kind of lacking) kept.add(kind);
      // Everybody needs that.
      if (kept.has('cpu')) return undefined;
    }
    return undefined;
  }

  /** Those that wait, in the order in which they are to begin: each one counts as running for those after it. */
  *#inLine(): Generator<Waiter> {
    const lines = [...this.#waiting].map(([owner, queue]) => ({
      queue,
      at: 0,
      before: this.#running.get(owner) ?? 0,
    }));
    for (;;) {
      let first: { line: (typeof lines)[number]; waiter: Waiter } | undefined;
      for (const line of lines) {
        const waiter = line.queue[line.at];
        if (waiter && (!first || isBefore(line.before, waiter, first.line.before, first.waiter)))
          first = { line, waiter };
      }
      if (!first) return;
      first.line.at++;
      first.line.before++;
      yield first.waiter;
    }
  }

  #lacking({ cpu, memory, gpu }: Resources): Kind[] {
    const wanted = { cpu: Math.round(cpu * CORE), memory, gpu };
    return KINDS.filter(kind => wanted[kind] > 0 && wanted[kind] > this.#free[kind]);
  }

  /** What somebody waits for, in a person's words: what it asked for by itself, and lacks. */
  #describe(wanted: Resources): string {
    return this.#lacking(wanted)
      .map(kind => inWords[kind](wanted[kind]))
      .join(' and ');
  }

  async #allGpus(): Promise<readonly string[]> {
    this.#gpus ??= this.#findGpus().then(found => {
      this.#listed = found;
      this.#freeGpus = [...found];
      this.#add({ cpu: 0, memory: 0, gpu: found.length });
      return found;
    });
    return this.#gpus;
  }
}

function isBefore(before: number, waiter: Waiter, otherBefore: number, other: Waiter): boolean {
  return before < otherBefore || (before === otherBefore && waiter.number < other.number);
}

const inWords: Record<Kind, (amount: number) => string> = {
  cpu: amount => (amount === 1 ? 'a core' : `${amount} cores`),
  memory: amount => `${formatBytes(amount)} of memory`,
  gpu: amount => (amount === 1 ? 'a GPU' : `${amount} GPUs`),
};

/** The GPUs that may be used: those that the environment names, else those that NVIDIA's driver knows. */
async function findGpus(): Promise<string[]> {
  const named = process.env.CUDA_VISIBLE_DEVICES;
  const listed = named ?? (await askDriver());
  return listed
    .split(/[,\n]/)
    .map(id => id.trim())
    .filter(id => id !== '' && id !== '-1');
}

async function askDriver(): Promise<string> {
  try {
    const { stdout } = await run('nvidia-smi', ['--query-gpu=index', '--format=csv,noheader'], {
      env: inheritedEnvironment(),
      timeout: 10_000,
    });
    return stdout;
  } catch {
    return '';
  }
}
