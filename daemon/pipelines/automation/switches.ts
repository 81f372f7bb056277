/** Which schedules and triggers are on, kept where no cloned repository can have put it. */
import path from 'node:path';
import * as z from 'zod';
import { readPrivateFile, writePrivateFile } from '../../client/state.ts';
import { Automation, AutomationKind } from '../../contract/automations.ts';

/** One that is on. */
const Switch = z.object({
  /** Absolute path of the definition. */
  file: z.string(),
  kind: AutomationKind,
  /** The pipeline's name when it was turned on: its file may be gone. */
  pipeline: z.string(),
  /** What it did when it was last looked at. */
  description: z.string(),
  /** The time up to which the schedule is settled. */
  settled: z.number(),
  last: Automation.shape.last,
});
export type Switch = z.infer<typeof Switch>;

/** The switches of one workspace, in a file of the user's state folder. */
export class Switches {
  readonly #file: string;
  readonly #on = new Map<string, Switch>();

  /** @param state the store's folder below the user's state folder */
  constructor(state: string) {
    this.#file = path.join(state, 'automations.json');
    for (const each of read(this.#file)) this.#on.set(keyOf(each), each);
  }

  /** Those that are on. */
  get all(): Switch[] {
    return [...this.#on.values()];
  }

  get(file: string, kind: AutomationKind): Switch | undefined {
    return this.#on.get(keyOf({ file, kind }));
  }

  /** Turns one on, or changes it. */
  set(changed: Switch): void {
    this.#on.set(keyOf(changed), changed);
    this.#save();
  }

  /** Turns one off. */
  delete(file: string, kind: AutomationKind): void {
    this.#on.delete(keyOf({ file, kind }));
    this.#save();
  }

  #save(): void {
    writePrivateFile(this.#file, JSON.stringify(this.all, null, 2));
  }
}

/** With a file that is damaged, nothing is on: nothing is to start by mistake. */
function read(file: string): Switch[] {
  const text = readPrivateFile(file);
  if (text === undefined) return [];
  try {
    return z.array(Switch).parse(JSON.parse(text));
  } catch {
    return [];
  }
}

function keyOf({ file, kind }: Pick<Switch, 'file' | 'kind'>): string {
  return `${kind} ${file}`;
}
