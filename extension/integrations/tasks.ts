import path from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { PROBLEM_MATCHER, TASK_TYPE } from '../contributes/names.ts';
import { NO_PIPELINES, PIPELINE_PATTERN } from '../editor/documents.ts';
import { selectedPython } from './python.ts';

/** More pipelines and steps than these are named in tasks.json by hand. */
const MOST_FILES = 50;
const MOST_STEPS = 50;

/** What a task of ours has in tasks.json. The manifest declares the same. */
const TaskDefinition = z.object({
  type: z.literal(TASK_TYPE),
  /** Path of the pipeline file, relative to the folder. */
  file: z.string(),
  /** Only this step. */
  step: z.string().optional(),
  /** Overrides of parameters. */
  set: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});
type TaskDefinition = z.infer<typeof TaskDefinition>;

/** Pipelines and their steps as tasks: each runs `modelthat run` in a terminal. */
export class PipelineTasks implements vscode.TaskProvider {
  readonly #cli: string;

  /** @param cli path of the command line's program */
  constructor(cli: string) {
    this.#cli = cli;
  }

  /** Reads the files itself: a list of tasks is no reason to start a daemon. */
  async provideTasks(): Promise<vscode.Task[]> {
    if (!vscode.workspace.isTrusted) return [];
    const files = await vscode.workspace.findFiles(PIPELINE_PATTERN, NO_PIPELINES, MOST_FILES);
    const tasks = await Promise.all(
      files.sort((a, b) => a.path.localeCompare(b.path)).map(file => this.#tasksOf(file)),
    );
    return tasks.flat();
  }

  async resolveTask(task: vscode.Task): Promise<vscode.Task | undefined> {
    const { data } = TaskDefinition.safeParse(task.definition);
    const folder = isFolder(task.scope) ? task.scope : vscode.workspace.workspaceFolders?.[0];
    // The editor wants back the definition that it gave.
    if (!data || !folder) return undefined;
    const file = vscode.Uri.joinPath(folder.uri, data.file).fsPath;
    return this.#task(task.definition, data, folder, await selectedPython(file));
  }

  async #tasksOf(file: vscode.Uri): Promise<vscode.Task[]> {
    const folder = vscode.workspace.getWorkspaceFolder(file);
    if (!folder) return [];
    // The parser is loaded with the first list of tasks.
    const { stepLines } = await import('../language/step-lines.ts');
    const text = Buffer.from(await vscode.workspace.fs.readFile(file)).toString();
    const whole: TaskDefinition = { type: TASK_TYPE, file: path.posix.relative(folder.uri.path, file.path) };
    const steps = stepLines(file.fsPath, text).steps.slice(0, MOST_STEPS);
    const python = await selectedPython(file.fsPath);
    return [whole, ...steps.map(({ name }) => ({ ...whole, step: name }))].map(definition =>
      this.#task(definition, definition, folder, python),
    );
  }

  #task(
    kept: vscode.TaskDefinition,
    { file, step, set = {} }: TaskDefinition,
    folder: vscode.WorkspaceFolder,
    python: string | undefined,
  ): vscode.Task {
    const overrides = Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const interpreter = python === undefined ? [] : ['--python', python];
    const args = ['run', file, ...(step === undefined ? [] : ['--only', step]), ...overrides, ...interpreter];
    const execution = new vscode.ProcessExecution(process.execPath, [this.#cli, ...args], {
      cwd: folder.uri.fsPath,
      env: { ELECTRON_RUN_AS_NODE: '1' },
    });
    const name = ['run', file, ...(step === undefined ? [] : [`(${step})`])].join(' ');
    const task = new vscode.Task(kept, folder, name, TASK_TYPE, execution, [`$${PROBLEM_MATCHER}`]);
    task.detail = step === undefined ? 'Runs what is not up to date' : `Runs the step ${step}`;
    return task;
  }
}

function isFolder(scope: vscode.Task['scope']): scope is vscode.WorkspaceFolder {
  return typeof scope === 'object';
}
