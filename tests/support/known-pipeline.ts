/** A pipeline whose right outputs are known beforehand, and whose steps tell each time that they really run. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestPlace } from './daemon.ts';
import { write } from './pipelines.ts';

/** Writes its output in two parts, with a pause between: a step can be ended in the middle of it. */
const STEP = [
  'import hashlib, os, sys, time',
  'name, salt, pause = sys.argv[1], sys.argv[2], float(sys.argv[3])',
  'inputs = [open(file).read() for file in sys.argv[4:]]',
  'digest = hashlib.sha256("\\n".join([name, salt, *inputs]).encode()).hexdigest()',
  'def tell(what):',
  '    line = f"{what} {name} {digest}\\n".encode()',
  '    ledger = os.open("ledger", os.O_WRONLY | os.O_APPEND | os.O_CREAT)',
  '    os.write(ledger, line)',
  '    os.close(ledger)',
  'tell("begins")',
  'with open(f"out/{name}", "w") as out:',
  '    out.write(digest[:32])',
  '    out.flush()',
  '    time.sleep(pause)',
  '    out.write(digest[32:])',
  'tell("ends")',
];

/** What a step told. */
export interface Told {
  readonly what: 'begins' | 'ends';
  readonly name: string;
  /** Names what it worked on: its own output. */
  readonly digest: string;
}

export class KnownPipeline {
  readonly names: readonly string[];
  readonly #place: TestPlace;
  /** Numbers of the steps that each depends on. */
  readonly #needs: readonly (readonly number[])[];

  /**
   * Writes its definition and its code.
   *
   * @param needs for each step the numbers of earlier ones that it depends on
   * @param pause how long each step takes at least, in seconds
   * @param keys further keys of each step, as YAML: `, retries: 1`
   */
  constructor(place: TestPlace, needs: readonly (readonly number[])[], pause: number, keys = '') {
    this.#place = place;
    this.#needs = needs;
    this.names = needs.map((_, index) => `s${index}`);
    write({ place }, 'step.py', ...STEP);
    write({ place }, 'out/.keep');
    this.#writeParams(this.names.map(() => 'first'));
    write(
      { place },
      'modelthat.yaml',
      'name: known',
      'steps:',
      ...needs.map((on, index) => {
        const deps = on.map(each => `out/s${each}`).join(', ');
        const words = `python3 step.py s${index} \${salt.s${index}} ${pause} ${deps.replaceAll(',', '')}`;
        return `  s${index}: { run: "${words}", params: [salt.s${index}], deps: [${deps}], outs: [out/s${index}]${keys} }`;
      }),
    );
  }

  get file(): string {
    return path.join(this.#place.workspace, 'modelthat.yaml');
  }

  /** Sets what each step is salted with: it has to run for another salt, and all that depend on it. */
  set(salts: readonly string[]): void {
    this.#writeParams(salts);
  }

  /** What each output is to hold. */
  expected(salts: readonly string[]): Record<string, string> {
    const digests: string[] = [];
    for (const [index, on] of this.#needs.entries()) {
      const words = [`s${index}`, salts[index] ?? '', ...on.map(each => digests[each] ?? '')];
      digests.push(createHash('sha256').update(words.join('\n')).digest('hex'));
    }
    return Object.fromEntries(digests.map((digest, index) => [`s${index}`, digest]));
  }

  /** What each output holds; empty where there is none. */
  found(): Record<string, string> {
    const read = (name: string) => {
      const file = this.#output(name);
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    };
    return Object.fromEntries(this.names.map(name => [name, read(name)]));
  }

  /** Names of the steps whose outputs are not as they are to be. */
  wrong(salts: readonly string[]): string[] {
    const found = this.found();
    return Object.entries(this.expected(salts)).flatMap(([name, digest]) =>
      found[name] === digest ? [] : [name],
    );
  }

  removeOutputs(): void {
    for (const name of this.names) rmSync(this.#output(name), { force: true });
  }

  /** What its steps have told until now. */
  ledger(): Told[] {
    const file = path.join(this.#place.workspace, 'ledger');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(line => {
        const [what, name, digest] = line.split(' ');
        return { what, name, digest } as Told;
      });
  }

  #output(name: string): string {
    return path.join(this.#place.workspace, 'out', name);
  }

  #writeParams(salts: readonly string[]): void {
    const file = path.join(this.#place.workspace, 'params.yaml');
    writeFileSync(file, `salt: {${salts.map((salt, index) => `s${index}: "${salt}"`).join(', ')}}\n`);
  }
}
