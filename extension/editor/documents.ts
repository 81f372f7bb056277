import type { DocumentSelector } from 'vscode';

/** The files that describe pipelines. */
export const PIPELINE_FILES = '**/modelthat.{yaml,yml}';

export const PIPELINE_DOCUMENTS: DocumentSelector = { scheme: 'file', pattern: PIPELINE_FILES };

/** Pipelines, and what may hold their parameters. */
export const PROJECT_DOCUMENTS: DocumentSelector = { scheme: 'file', pattern: '**/*.{yaml,yml,json}' };
