import path from 'node:path';
import { type CodeVersion, executionName } from '../../contract/pipelines.ts';
import type { TrackingService } from '../../tracking/service.ts';
import { makesOf, type PipelineDefinition } from '../definition/model.ts';
import { PathIndex } from '../definition/path-index.ts';
import type { ExecutionFiles } from '../files.ts';
import type { WorkspaceFiles } from '../inputs/files.ts';
import type { ExecutionRecord } from '../model.ts';
import { GitTree } from './git.ts';
import { choose } from './limits.ts';
import { listSources } from './list.ts';
import { REFS, snapshot } from './snapshot.ts';

const UNKNOWN: CodeVersion = {
  commit: null,
  branch: null,
  repository: null,
  dirty: false,
  ref: null,
  archive: null,
  remarks: [],
};

/** Records which code executions run: by git, or, where there is none, as an archive in the cache. */
export class CodeRecorder {
  readonly #tracking: TrackingService;
  readonly #files: ExecutionFiles;
  readonly #contents: WorkspaceFiles;
  readonly #workspace: string;

  constructor(parts: {
    tracking: TrackingService;
    files: ExecutionFiles;
    contents: WorkspaceFiles;
    workspace: string;
  }) {
    this.#tracking = parts.tracking;
    this.#files = parts.files;
    this.#contents = parts.contents;
    this.#workspace = parts.workspace;
  }

  /** Records the code as it is now, also among the tags of the execution's run. Never fails: it says what did. */
  async record(execution: ExecutionRecord): Promise<CodeVersion> {
    try {
      const code = await this.#version(execution);
      await this.#tracking.updateRun(execution.runId, { tags: tagsOf(code) });
      return code;
    } catch (error) {
      return { ...UNKNOWN, remarks: [`the code could not be recorded: ${(error as Error).message.trim()}`] };
    }
  }

  /** Lets git collect the snapshot of an execution that is deleted. @param file its definition */
  async forget(executionId: string, file: string): Promise<void> {
    const tree = await GitTree.of(path.dirname(file));
    // A repository that refuses keeps a commit too much: no reason to keep the execution.
    await tree?.text(['update-ref', '-d', refOf(executionId)]).catch(() => {});
  }

  async #version(execution: ExecutionRecord): Promise<CodeVersion> {
    const { id, definition } = execution;
    const made = madeBy(definition);
    const tree = await GitTree.of(definition.folder);
    if (!tree) return this.#archive(made);
    const message = `${executionName(execution)}: the work tree as it was`;
    const request = { workspace: this.#workspace, made, ref: refOf(id), message };
    return { ...(await snapshot(tree, { ...request, index: this.#files.gitIndex(id) })), archive: null };
  }

  async #archive(made: PathIndex<string>): Promise<CodeVersion> {
    const { names, remarks } = await choose(this.#workspace, await listSources(this.#workspace, made));
    return {
      ...UNKNOWN,
      archive: await this.#contents.keepSome(this.#workspace, names),
      remarks: [...remarks],
    };
  }
}

function refOf(executionId: string): string {
  return `${REFS}/${executionId}`;
}

/** Everything that the steps of a pipeline write, by its path. */
function madeBy({ steps }: PipelineDefinition): PathIndex<string> {
  const made = new PathIndex<string>();
  for (const place of steps.flatMap(makesOf)) made.add(place, place);
  return made;
}

/** MLflow's own tags, and what they have no word for. */
function tagsOf({ commit, branch, repository, dirty, ref, archive }: CodeVersion): Record<string, string> {
  const tags = {
    'mlflow.source.git.commit': commit,
    'mlflow.source.git.branch': branch,
    'mlflow.source.git.repoURL': repository,
    'modelthat.git.dirty': commit === null && ref === null ? null : String(dirty),
    'modelthat.git.ref': ref,
    'modelthat.archive': archive,
  };
  return Object.fromEntries(Object.entries(tags).filter((tag): tag is [string, string] => tag[1] !== null));
}
