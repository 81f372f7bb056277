/** Notebooks as steps: executed by papermill, with the parameters of the step. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';

/** How the program ends when papermill, or a kernel for it, is not there. */
const CANNOT_EXECUTE = 69;

/** Largest executed notebook that is looked into, in bytes. */
const MAX_BYTES = 100_000_000;
const MAX_SHOWN = 300;

/** Runs `<notebook> <where the executed one is written>` in the folder that it is started in. */
const EXECUTE = `
import json, logging, os, sys
try:
    import ipykernel, papermill
except ImportError as error:
    print(f"{error}", file=sys.stderr)
    sys.exit(${CANNOT_EXECUTE})
logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)
notebook, executed = sys.argv[1:]
with open(notebook, encoding="utf-8") as file:
    metadata = json.load(file).get("metadata", {})
with open(os.environ["MODELTHAT_PARAMS"], encoding="utf-8") as file:
    parameters = json.load(file)
language = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name") or "python"
papermill.execute_notebook(
    notebook, executed, parameters=parameters, cwd=os.getcwd(), log_output=True, progress_bar=False,
    # The kernel of this environment, whatever the one was called in which the notebook was written.
    kernel_name="python3" if language == "python" else None,
)
`;

/** What a step with a notebook runs in place of its commands. */
export function notebookCommand(step: {
  readonly notebook: string;
  /** Where the executed notebook goes. */
  readonly executed: string;
  /** Whether it runs in an environment made for it, which has a \`python\`. */
  readonly ownEnvironment: boolean;
}): string[] {
  const python = step.ownEnvironment || process.platform === 'win32' ? 'python' : 'python3';
  return [python, '-c', EXECUTE, step.notebook, step.executed];
}

const Cell = z.object({
  cell_type: z.string(),
  source: z.union([z.string(), z.array(z.string())]).default(''),
  metadata: z
    .object({
      tags: z.array(z.string()).default([]),
      papermill: z.object({ exception: z.boolean().nullable().optional() }).optional(),
    })
    .default({ tags: [] }),
  outputs: z
    .array(
      z.object({ output_type: z.string(), ename: z.string().default(''), evalue: z.string().default('') }),
    )
    .default([]),
});
const Notebook = z.object({ cells: z.array(Cell) });

/** Cells that papermill put in. */
const ADDED = ['injected-parameters', 'papermill-error-cell-tag'];

/**
 * Why a notebook could not be executed to its end, in a person's words.
 *
 * @param end.executed the notebook as far as it came
 * @returns undefined when the notebook does not tell
 */
export function whyNotebookFailed(end: {
  readonly exitCode: number | null;
  readonly notebook: string;
  readonly executed: string;
}): string | undefined {
  const { exitCode, notebook, executed } = end;
  if (exitCode === CANNOT_EXECUTE)
    return 'papermill or ipykernel is not installed in its environment: add both to its requirements';
  const cells = readCells(executed).filter(({ metadata }) => !metadata.tags.some(tag => ADDED.includes(tag)));
  const index = cells.findIndex(({ metadata }) => metadata.papermill?.exception === true);
  const cell = cells[index];
  if (!cell) return undefined;
  const [firstLine = ''] = [cell.source].flat().join('').trim().split('\n', 1);
  const error = cell.outputs.find(output => output.output_type === 'error');
  const what = error ? `${error.ename}: ${error.evalue}` : 'an error';
  return `cell ${index + 1} of ${path.basename(notebook)} (“${shorten(firstLine)}”) failed: ${shorten(what)}`;
}

function readCells(executed: string): z.infer<typeof Cell>[] {
  try {
    if (statSync(executed).size > MAX_BYTES) return [];
    return Notebook.parse(JSON.parse(readFileSync(executed, 'utf8'))).cells;
  } catch {
    return [];
  }
}

function shorten(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}
