/** What a scenario is, and what it works with while it runs. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Load, type LoadResult, sendLoad } from './load.ts';
import type { Programs, ServerName } from './programs.ts';
import { type ContestantName, type FigureKind, Figures } from './results.ts';
import { type Server, startServer } from './servers.ts';

/** Something that is measured, on all its contestants in one run. */
export interface Scenario<Size = unknown> {
  /** As `--only` names it. */
  readonly name: string;
  /** What it measures, in a line. */
  readonly about: string;
  readonly contestants: readonly ContestantName[];
  readonly sizes: { readonly quick: Size; readonly full: Size };
  /** About how long the full sizes take, in seconds on two quiet cores. It is stopped at three times that. */
  readonly seconds: number;
  /** Left out of a measurement of all: it takes longer than the others together. */
  readonly onlyWhenNamed?: boolean;
  measure(session: Session, size: Size): Promise<void>;
}

/** Declares a scenario; the sizes stay the scenario's own business. */
export function scenario<Size>(declared: Scenario<Size>): Scenario {
  return { ...declared, measure: (session, size) => declared.measure(session, size as Size) };
}

/** One scenario's run: the servers it starts, the figures it finds, and their end. */
export class Session {
  readonly figures: Figures;
  /** What a reader of the figures should know beside them. */
  readonly remarks: string[] = [];
  /** Aborted when the scenario's time is over, or the person has had enough. */
  readonly signal: AbortSignal;
  readonly #programs: Programs;
  readonly #scratch: string;
  readonly #servers = new Set<Server>();
  readonly #scenario: Scenario;
  readonly #say: (text: string) => void;

  constructor(
    scenario: Scenario,
    parts: { programs: Programs; signal: AbortSignal; say: (text: string) => void },
  ) {
    this.#scenario = scenario;
    this.#programs = parts.programs;
    this.#say = parts.say;
    this.signal = parts.signal;
    this.figures = new Figures(scenario.name);
    this.#scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-bench-')));
  }

  /** The scenario's servers that are there. */
  get servers(): ServerName[] {
    return (Object.keys(this.#programs) as ServerName[]).filter(
      name => this.#scenario.contestants.includes(name) && 'command' in this.#programs[name],
    );
  }

  say(text: string): void {
    this.#say(text);
  }

  /** A new folder, which is removed at the end. */
  folder(name: string): string {
    return fs.mkdtempSync(path.join(this.#scratch, `${name}-`));
  }

  /** Starts a server on an empty store, or on what it left in a folder. */
  async start(name: ServerName, folder = this.folder(name)): Promise<Server> {
    this.say(`starting ${name}`);
    const server = await startServer(name, folder, this.#programs, this.signal);
    this.#servers.add(server);
    return server;
  }

  /** Starts all the scenario's servers, each on an empty store; a peer that does not start is left out. */
  async startAll(): Promise<Server[]> {
    const servers: Server[] = [];
    for (const name of this.servers) {
      try {
        servers.push(await this.start(name));
      } catch (error) {
        if (name === 'modelthat' || this.signal.aborted) throw error;
        this.remark(`${name} did not start: ${(error as Error).message}`);
      }
    }
    return servers;
  }

  async stop(server: Server): Promise<void> {
    await server.stop();
    this.#servers.delete(server);
  }

  /** Sends a load to a server. What that refuses is remarked upon. */
  async load(load: Load & { readonly target: Server }): Promise<LoadResult> {
    const result = await sendLoad(load, this.signal);
    if (result.failed > 0) {
      const { name } = load.target;
      const text = `${name} failed ${result.failed} requests of ${load.clients} clients (${load.script}): ${result.lastFailure}`;
      this.remark(text);
    }
    return result;
  }

  /** Tells the reader of the figures something. */
  remark(text: string): void {
    this.remarks.push(text);
    this.say(text);
  }

  add(kind: FigureKind, contestant: ContestantName, sample: number): void {
    this.figures.add(kind, contestant, sample);
  }

  skip(kind: FigureKind, contestant: ContestantName, reason: string): void {
    this.say(`${contestant}: ${kind.name} left out: ${reason}`);
    this.figures.skip(kind, contestant, reason);
  }

  /**
   * Times one piece of work, but gives it up when it takes too long; the limit then stands for the time, as a lower
   * bound.
   *
   * @param work is to end when its signal is aborted
   * @returns whether it was done in time
   */
  async timed(
    kind: FigureKind,
    contestant: ContestantName,
    limitSeconds: number,
    work: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<boolean> {
    const perSecond = kind.unit === 's' ? 1 : 1000;
    const limit = AbortSignal.timeout(limitSeconds * 1000);
    const start = performance.now();
    try {
      await work(AbortSignal.any([limit, this.signal]));
      this.add(kind, contestant, ((performance.now() - start) / 1000) * perSecond);
      return true;
    } catch (error) {
      if (!limit.aborted || this.signal.aborted) throw error;
      this.say(`${contestant}: ${kind.name} given up after ${limitSeconds} s`);
      this.figures.add(kind, contestant, limitSeconds * perSecond, true);
      return false;
    }
  }

  /** What is under way with them fails. */
  async endServers(): Promise<void> {
    await Promise.all([...this.#servers].map(server => server.stop()));
  }

  /** Ends what still runs and removes what was written. */
  async close(): Promise<void> {
    await this.endServers();
    fs.rmSync(this.#scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}
