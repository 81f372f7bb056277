import type { DocumentFilter, DocumentSelector } from 'vscode';
import { PIPELINE_FILES } from '../../daemon/contract/pipelines.ts';

/** The files that describe pipelines, wherever they are. */
export const PIPELINE_PATTERN = `**/{${PIPELINE_FILES.join(',')}}`;

/** Folders in which none are looked for. `.*` would be every folder: the search takes the first one for `.`. */
export const NO_PIPELINES =
  '**/{.git,.dvc,.modelthat,.venv,.tox,node_modules,__pycache__,venv,site-packages,mlruns,dist}/**';

export const PIPELINE_DOCUMENTS: DocumentFilter = { scheme: 'file', pattern: PIPELINE_PATTERN };

/** Pipelines, and what may hold their parameters. */
export const PROJECT_DOCUMENTS: DocumentSelector = {
  scheme: 'file',
  pattern: '**/*.{yaml,yml,json,toml,py}',
};

/** Those in which parameters are renamed: names in Python are its own extension's. */
export const RENAMING_DOCUMENTS: DocumentSelector = { scheme: 'file', pattern: '**/*.{yaml,yml,json,toml}' };

/** What can register models: pipelines, and Python code. */
export const REGISTERING_DOCUMENTS: DocumentSelector = [
  { scheme: 'file', language: 'python' },
  PIPELINE_DOCUMENTS,
];
