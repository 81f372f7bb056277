import type { LoggedAt, SourceResults } from '../contract/sources.ts';
import type { Database } from '../database/database.ts';
import { resultsOf } from './model.ts';

/** What the source files of a workspace logged. */
export class SourceService {
  readonly #database: Database;
  readonly #workspace: string;

  /** @param workspace the folder that names of files are relative to */
  constructor(database: Database, workspace: string) {
    this.#database = database;
    this.#workspace = workspace;
  }

  /** How the metrics of a file stand. @param file absolute path */
  async resultsOf(file: string): Promise<SourceResults> {
    return resultsOf(await this.#database.read('sources.of', { file, workspace: this.#workspace }));
  }

  /** Keeps which line of which file logged metrics. */
  async record(place: LoggedAt): Promise<void> {
    await this.#database.write('sources.record', place);
  }
}
