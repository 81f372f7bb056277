/** Python that logs metrics, as the editor shows it: files, and cells of notebooks. */
import * as vscode from 'vscode';
import type { LoggingFile } from '../language/logging/calls.ts';

const CELL_SCHEME = 'vscode-notebook-cell';

/** Where notes about what was logged can stand. */
export const LOGGING_DOCUMENTS: vscode.DocumentSelector = [
  { scheme: 'file', language: 'python' },
  { scheme: CELL_SCHEME, language: 'python' },
];

/** A document that logs. The cells of a notebook are read as one text: what one defines, another logs. */
export interface LoggingDocument {
  /** The file, or the notebook. */
  readonly uri: vscode.Uri;
  readonly isCell: boolean;
  readonly text: string;
  /** Where the document begins in the text. */
  readonly offset: number;
  readonly logging: LoggingFile;
}

/** A text that was read, and what was found in it. */
interface Read {
  readonly text: string;
  readonly logging: LoggingFile | undefined;
}

const known = new WeakMap<vscode.TextDocument, Read>();

/** What a document logs; undefined when it logs nothing. The parser is loaded with the first file that may. */
export async function loggingOf(document: vscode.TextDocument): Promise<LoggingDocument | undefined> {
  if (vscode.languages.match(LOGGING_DOCUMENTS, document) === 0) return undefined;
  const whole = document.uri.scheme === CELL_SCHEME ? textOfNotebook(document) : textOfFile(document);
  if (!whole || !/mlflow|modelthat|log_metric/.test(whole.text)) return undefined;
  let read = known.get(document);
  if (read?.text !== whole.text) {
    const { loggingIn } = await import('../language/logging/calls.ts');
    read = { text: whole.text, logging: loggingIn(whole.text) };
    known.set(document, read);
  }
  return read.logging && { ...whole, logging: read.logging };
}

type Whole = Omit<LoggingDocument, 'logging'>;

function textOfFile(document: vscode.TextDocument): Whole {
  return { uri: document.uri, isCell: false, text: document.getText(), offset: 0 };
}

function textOfNotebook(document: vscode.TextDocument): Whole | undefined {
  const notebook = vscode.workspace.notebookDocuments.find(each =>
    each.getCells().some(cell => cell.document === document),
  );
  if (notebook?.uri.scheme !== 'file') return undefined;
  let text = '';
  let offset = 0;
  for (const cell of notebook.getCells()) {
    if (cell.document.languageId !== 'python') continue;
    if (cell.document === document) offset = text.length;
    text += `${cell.document.getText()}\n`;
  }
  return { uri: notebook.uri, isCell: true, text, offset };
}
