/** Opens the reader that fits a store. */
import fs from 'node:fs';
import path from 'node:path';
import { missing } from '../contract/errors.ts';
import { exportFolder } from './aim/export.ts';
import { AimExport } from './aim/reader.ts';
import { ReadableFolders } from './folder.ts';
import { ArtifactFinder } from './locate-artifacts.ts';
import { copyDatabase } from './mlflow-database/copy.ts';
import { ForeignDatabase } from './mlflow-database/foreign.ts';
import { MlflowDatabase } from './mlflow-database/reader.ts';
import { StoreFiles } from './mlflow-files/files.ts';
import { MlflowFileStore } from './mlflow-files/reader.ts';
import type { Reporter, SourcePlace, SourceReader } from './model.ts';
import { unpackedFolder } from './pack/format.ts';
import { ArchiveReader } from './pack/reader.ts';

/** Where MLflow keeps the artifacts of a database unless it is told otherwise: beside it. */
const BESIDE_DATABASE = ['mlruns', 'mlartifacts'];

/** What is to be read. */
export interface SourceRequest {
  readonly source: SourcePlace;
  /** Further folders with artifacts. Absolute. */
  readonly artifacts: readonly string[];
  /** A private folder for this import alone. */
  readonly scratch: string;
}

/** @throws ApiError when the store cannot be read at all */
export function openSource({ source, artifacts, scratch }: SourceRequest, reporter: Reporter): SourceReader {
  if (source.kind === 'archive') return new ArchiveReader(fs.realpathSync(unpackedFolder(scratch)), reporter);
  if (source.kind === 'aim') return new AimExport(exportFolder(scratch), reporter);
  const named = artifacts.map(realFolder);
  if (source.kind === 'mlflow-files') {
    const roots = [source.path, ...named];
    const folders = new ReadableFolders(roots);
    const finder = new ArtifactFinder({ folders, roots, base: path.dirname(source.path), reporter });
    return new MlflowFileStore(source.path, new StoreFiles(folders, reporter), finder);
  }
  const base = path.dirname(source.path);
  const beside = BESIDE_DATABASE.map(name => path.join(base, name)).filter(folder => isRealFolder(folder));
  const roots = [...beside, ...named];
  const finder = new ArtifactFinder({ folders: new ReadableFolders(roots), roots, base, reporter });
  return new MlflowDatabase(new ForeignDatabase(copyDatabase(source.path, scratch), reporter), finder);
}

/** Not a link: who brought the database could have made it lead anywhere. */
function isRealFolder(folder: string): boolean {
  return fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
}

function realFolder(given: string): string {
  const stats = fs.statSync(given, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) throw missing(`There is no folder ${given}, which was named for artifacts.`);
  return fs.realpathSync(given);
}
