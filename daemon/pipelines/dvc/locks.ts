/** DVC's locks: that of a project as a whole, held for moments, and those of the paths that a stage reads and writes. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Waiting } from '../cache/model.ts';
import type { DvcConfig } from './config.ts';
import { lockedByLink } from './hard-link-lock.ts';
import { LockError, locked } from './kernel-lock.ts';
import { isAlive } from './process-alive.ts';
import { replaceFile } from './replace.ts';

/** How long it is between two looks at whether paths are free, in milliseconds. */
const RETRY_MS = 200;

const Holder = z.object({ pid: z.number(), cmd: z.string() });
type Holder = z.infer<typeof Holder>;

const Table = z.object({
  write: z.record(z.string(), Holder).default({}),
  read: z.record(z.string(), z.array(Holder)).default({}),
});
type Table = z.infer<typeof Table>;

/** What a stage reads and writes, as absolute paths. */
export interface Claim {
  /** What the paths are held for, as whoever waits is told it; no two claims have the same. */
  readonly purpose: string;
  readonly read: readonly string[];
  readonly write: readonly string[];
}

/** The locks of one project. */
export class DvcLocks {
  readonly #folder: string;
  /** The last of those in this process that wait for the lock: the kernel's would have each look again and again. */
  #queue: Promise<unknown> = Promise.resolve();

  readonly #locked: typeof locked;

  /** @param root the project's folder */
  constructor(root: string, { hardlinkLock }: Pick<DvcConfig, 'hardlinkLock'>) {
    this.#folder = path.join(root, '.dvc', 'tmp');
    this.#locked = hardlinkLock ? lockedByLink : locked;
  }

  /** Does work while nothing else is done in the project, by DVC or by us. @throws what the signal is aborted with */
  exclusively<Result>(work: () => Promise<Result>, waiting?: Waiting): Promise<Result> {
    const busy = (holder: string) => waiting?.busy(`waits for DVC: ${holder} is at work in this project`);
    const done = this.#queue.then(() => {
      waiting?.signal.throwIfAborted();
      return this.#locked(path.join(this.#folder, 'lock'), work, { signal: waiting?.signal, busy });
    });
    this.#queue = done.catch(() => {});
    return done;
  }

  /**
   * Starts a stage as soon as nobody is in its way. Whoever comes next finds its paths held, as long as it runs or until
   * they are released.
   *
   * @param start tells the stage's process, where it is one of this machine
   * @throws what it throws, and what the signal is aborted with
   */
  async claim<Result extends { readonly pid?: string | number }>(
    claim: Claim,
    start: () => Promise<Result>,
    waiting: Waiting,
  ): Promise<Result> {
    for (;;) {
      const { blocker, started } = await this.exclusively(async () => {
        const table = this.#read();
        const blocker = blockerOf(table, claim);
        if (blocker) return { blocker };
        const started = await start();
        // What runs elsewhere is looked after by this process.
        this.#write(withClaim(table, claim, Number(started.pid ?? process.pid)));
        return { started };
      }, waiting);
      if (started) return started;
      if (blocker)
        waiting.busy(`waits for ${blocker.place}, which process ${blocker.pid} holds (${blocker.cmd})`);
      await sleep(RETRY_MS, undefined, { signal: waiting.signal });
    }
  }

  /** Holds the paths of a claim in the name of this process, which goes on where the stage's has ended. */
  takeOver(claim: Claim): Promise<void> {
    return this.exclusively(async () =>
      this.#write(withClaim(without(this.#read(), claim.purpose), claim, process.pid)),
    );
  }

  /** Whether DVC would find the paths of a claim held, or that what held them has ended untidily. */
  holds(purpose: string): boolean {
    const { write, read } = this.#read(() => true);
    return [...Object.values(write), ...Object.values(read).flat()].some(({ cmd }) => cmd === purpose);
  }

  /** Lets others at the paths of a claim. To be called while nothing else is done in the project. */
  release(purpose: string): void {
    if (existsSync(this.#file)) this.#write(without(this.#read(), purpose));
  }

  get #file(): string {
    return path.join(this.#folder, 'rwlock');
  }

  /** @param isHolding by default, those whose process has ended hold nothing any more */
  #read(isHolding = ({ pid }: Holder) => isAlive(pid)): Table {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return { write: {}, read: {} };
    }
    return filtered(parsed(this.#file, text), isHolding);
  }

  #write(table: Table): void {
    replaceFile(this.#file, JSON.stringify(table));
  }
}

function parsed(file: string, text: string): Table {
  try {
    return Table.parse(JSON.parse(text));
  } catch {
    throw new LockError(`${file} is damaged; remove it when no process of DVC runs`);
  }
}

/** Who is in the way: writers of anything that overlaps, and readers of what is to be written. */
function blockerOf(table: Table, { read, write }: Claim): (Holder & { place: string }) | undefined {
  const writers = Object.entries(table.write).map(([place, holder]) => ({ place, ...holder }));
  const readers = Object.entries(table.read).flatMap(([place, all]) => all.map(each => ({ place, ...each })));
  const touching = (places: readonly string[]) => (held: { place: string }) =>
    places.some(place => isWithin(place, held.place) || isWithin(held.place, place));
  return writers.find(touching([...read, ...write])) ?? readers.find(touching(write));
}

function isWithin(place: string, folder: string): boolean {
  return place === folder || place.startsWith(folder + path.sep);
}

function withClaim(table: Table, { purpose, read, write }: Claim, pid: number): Table {
  const holder = { pid, cmd: purpose };
  return {
    write: { ...table.write, ...Object.fromEntries(write.map(place => [place, holder])) },
    read: {
      ...table.read,
      ...Object.fromEntries(read.map(place => [place, [...(table.read[place] ?? []), holder]])),
    },
  };
}

function without(table: Table, purpose: string): Table {
  return filtered(table, ({ cmd }) => cmd !== purpose);
}

function filtered(table: Table, keep: (holder: Holder) => boolean): Table {
  const readers = Object.entries(table.read).map(([place, all]) => [place, all.filter(keep)] as const);
  return {
    write: Object.fromEntries(Object.entries(table.write).filter(([, holder]) => keep(holder))),
    read: Object.fromEntries(readers.filter(([, all]) => all.length > 0)),
  };
}
