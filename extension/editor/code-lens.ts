import * as vscode from 'vscode';
import { isMap, isScalar, LineCounter, parseDocument, type Scalar } from 'yaml';
import { commandOf, setting } from '../contributes/vscode.ts';

/** ▶ above a pipeline file and above each of its steps. Parsed here, at once: a lens that comes late moves the text. */
export class PipelineLenses implements vscode.CodeLensProvider {
  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    if (!vscode.workspace.isTrusted || !setting('modelthat.editor.codeLens')) return [];
    const { steps, stepsLine } = stepLines(document.getText());
    if (stepsLine === undefined) return [];
    const at = (line: number) => new vscode.Range(line, 0, line, 0);
    return [
      new vscode.CodeLens(
        at(stepsLine),
        commandOf('modelthat.pipelines.run', '$(play) Run pipeline', document.uri),
      ),
      new vscode.CodeLens(
        at(stepsLine),
        commandOf('modelthat.pipelines.runWithParameters', 'Run with parameters…', document.uri),
      ),
      ...steps.map(
        ({ name, line }) =>
          new vscode.CodeLens(
            at(line),
            commandOf('modelthat.steps.run', '$(play) Run step', { file: document.uri, step: name }),
          ),
      ),
    ];
  }
}

/** The lines, from 0, of `steps:` and of each step's key. */
export function stepLines(text: string): {
  stepsLine?: number;
  steps: { name: string; line: number }[];
} {
  const counter = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: counter });
  const lineOf = (key: Scalar) => counter.linePos(key.range?.[0] ?? 0).line - 1;
  const pair = isMap(contents)
    ? contents.items.find(item => isScalar(item.key) && item.key.value === 'steps')
    : undefined;
  if (!pair || !isScalar(pair.key)) return { steps: [] };
  const items = isMap(pair.value) ? pair.value.items : [];
  const steps = items.flatMap(({ key }) =>
    isScalar(key) ? [{ name: String(key.value), line: lineOf(key) }] : [],
  );
  return { stepsLine: lineOf(pair.key), steps };
}
