import * as vscode from 'vscode';
import { ARTIFACT_SCHEME } from '../contributes/names.ts';
import { type ArtifactPlace, findArtifact, readStart } from '../daemon/artifact-content.ts';
import type { Stores } from '../daemon/stores.ts';

/** Larger artifacts, in bytes, are saved and opened from there. */
const MOST_BYTES = 50_000_000;

/** Artifacts of runs as files that can be read, so that the editor opens each with the viewer that it has for its kind. */
export class ArtifactFiles implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;
  readonly #stores: Stores;
  readonly #registration: vscode.Disposable;

  constructor(stores: Stores) {
    this.#stores = stores;
    this.#registration = vscode.workspace.registerFileSystemProvider(ARTIFACT_SCHEME, this, {
      isReadonly: true,
      isCaseSensitive: true,
    });
  }

  async open({ connection, runId, path }: ArtifactPlace): Promise<void> {
    const query = new URLSearchParams({ store: connection.store, run: runId }).toString();
    const uri = vscode.Uri.from({ scheme: ARTIFACT_SCHEME, path: `/${path}`, query });
    await vscode.commands.executeCommand('vscode.open', uri);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const file = await findArtifact(this.#placeOf(uri));
    if (!file) throw vscode.FileSystemError.FileNotFound(uri);
    const type = file.isDir ? vscode.FileType.Directory : vscode.FileType.File;
    return { type, size: file.size ?? 0, ctime: 0, mtime: 0, permissions: vscode.FilePermission.Readonly };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { content, whole } = await readStart(this.#placeOf(uri), MOST_BYTES);
    if (!whole)
      throw vscode.FileSystemError.Unavailable(
        `${uri.path.slice(1)} has more than ${MOST_BYTES / 1e6} MB: save it, and open it from there.`,
      );
    return content;
  }

  /** Artifacts never change: nothing is to be told. */
  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {});
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }

  #placeOf(uri: vscode.Uri): ArtifactPlace {
    const { store, run } = Object.fromEntries(new URLSearchParams(uri.query));
    const connection = this.#stores.all.find(each => each.store === store);
    if (!connection || !run) throw vscode.FileSystemError.FileNotFound(uri);
    return { connection, runId: run, path: uri.path.slice(1) };
  }
}
