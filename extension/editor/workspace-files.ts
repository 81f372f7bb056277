import * as vscode from 'vscode';
import type { FileFacts, Files } from '../language/files.ts';
import type { Span } from '../language/yaml-text.ts';
import { NO_PIPELINES, PIPELINE_DOCUMENTS, PIPELINE_PATTERN } from './documents.ts';

/** Larger ones hold data. */
const MAX_BYTES = 1_000_000;

/** The files of this window, with what is typed and not saved yet. */
export class WorkspaceFiles implements Files, vscode.Disposable {
  readonly #watcher = vscode.workspace.createFileSystemWatcher(PIPELINE_PATTERN, false, true, false);
  #pipelines: Promise<readonly string[]> | undefined;

  constructor() {
    const forget = () => {
      this.#pipelines = undefined;
    };
    this.#watcher.onDidCreate(forget);
    this.#watcher.onDidDelete(forget);
  }

  dispose(): void {
    this.#watcher.dispose();
  }

  async pipelines(): Promise<readonly string[]> {
    this.#pipelines ??= Promise.resolve(vscode.workspace.findFiles(PIPELINE_PATTERN, NO_PIPELINES)).then(
      found => found.map(uri => uri.fsPath),
    );
    // One that is open may lie where none are looked for, or in no folder of the window.
    const open = openFiles().filter(document => vscode.languages.match(PIPELINE_DOCUMENTS, document) > 0);
    return [...new Set([...(await this.#pipelines), ...open.map(({ uri }) => uri.fsPath)])];
  }

  async read(file: string): Promise<string | undefined> {
    const open = openFiles().find(document => document.uri.fsPath === file);
    if (open) return open.getText();
    const facts = await this.stat(file);
    if (!facts || facts.isFolder || facts.size > MAX_BYTES) return undefined;
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.file(file)));
  }

  async stat(file: string): Promise<FileFacts | undefined> {
    try {
      const { type, size } = await vscode.workspace.fs.stat(vscode.Uri.file(file));
      return { isFolder: isFolder(type), size };
    } catch {
      return undefined;
    }
  }

  async list(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
    try {
      const entries = await vscode.workspace.fs.readDirectory(vscode.Uri.file(folder));
      return entries.map(([name, type]) => ({ name, isFolder: isFolder(type) }));
    } catch {
      return [];
    }
  }

  /** Where a part of a file is, by lines, without opening it. */
  async rangeOf(file: string, { start, end }: Span): Promise<vscode.Range> {
    const text = (await this.read(file)) ?? '';
    const position = (offset: number) => {
      const before = text.slice(0, offset).split('\n');
      return new vscode.Position(before.length - 1, before.at(-1)?.length ?? 0);
    };
    return new vscode.Range(position(start), position(end));
  }
}

function openFiles(): vscode.TextDocument[] {
  return vscode.workspace.textDocuments.filter(({ uri }) => uri.scheme === 'file');
}

function isFolder(type: vscode.FileType): boolean {
  return (type & vscode.FileType.Directory) !== 0;
}
