import path from 'node:path';
import type { Preview } from '../../daemon/contract/messages.ts';
import { onnxPreview } from './onnx-preview.ts';

const IMAGE_TYPES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.bmp': 'image/bmp',
  // Shown by <img> only, where an SVG runs no script and loads nothing.
  '.svg': 'image/svg+xml',
};

const TABLE_ROWS = 200;
/** Largest artifact that is shown, in bytes. */
export const PREVIEW_BYTES = { image: 8_000_000, model: 100_000_000, text: 500_000 } as const;

/** How many bytes of an artifact its preview needs. */
export function previewLimit(file: string): number {
  if (isImage(file)) return PREVIEW_BYTES.image;
  return extensionOf(file) === '.onnx' ? PREVIEW_BYTES.model : PREVIEW_BYTES.text;
}

/**
 * What an artifact looks like on a page.
 *
 * @param content its first bytes, at most `previewLimit`
 * @param whole whether these are all
 */
export function previewOf(file: string, content: Buffer, whole: boolean): Preview {
  const extension = extensionOf(file);
  const imageType = IMAGE_TYPES[extension];
  if (imageType) {
    if (!whole) return { kind: 'none', reason: 'This image is too large to be shown here.' };
    return { kind: 'image', url: `data:${imageType};base64,${content.toString('base64')}` };
  }
  if (extension === '.onnx') return modelPreview(content, whole);
  if (content.subarray(0, 8_000).includes(0)) return { kind: 'none', reason: 'This file is not text.' };
  const text = content.toString('utf8');
  if (extension === '.md') return { kind: 'markdown', text, cut: !whole };
  if (extension === '.csv') return tableOf(text, ',', !whole);
  if (extension === '.tsv') return tableOf(text, '\t', !whole);
  return { kind: 'text', text: extension === '.json' && whole ? indentJson(text) : text, cut: !whole };
}

/** Whether an artifact is shown as an image, by its name. */
export function isImage(file: string): boolean {
  return extensionOf(file) in IMAGE_TYPES;
}

/** With its dot; empty when it has none. */
function extensionOf(file: string): string {
  return path.posix.extname(file).toLowerCase();
}

function modelPreview(content: Buffer, whole: boolean): Preview {
  if (!whole) return { kind: 'none', reason: 'This model is too large to be looked into here.' };
  try {
    return onnxPreview(content);
  } catch (error) {
    return { kind: 'none', reason: `This is no ONNX model. ${error instanceof Error ? error.message : ''}` };
  }
}

function indentJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function tableOf(text: string, separator: string, cut: boolean): Preview {
  const lines = parseSeparated(text, separator, TABLE_ROWS + 2);
  const [header = [], ...rows] = lines;
  return { kind: 'table', header, rows: rows.slice(0, TABLE_ROWS), cut: cut || rows.length > TABLE_ROWS };
}

/** The first rows of separated values; quoted fields may hold separators, line ends and doubled quotes. */
export function parseSeparated(text: string, separator: string, limit: number): string[][] {
  const field = separator === '\t' ? String.raw`[^\t\r\n]*` : String.raw`[^,\r\n]*`;
  const token = new RegExp(String.raw`("(?:[^"]|"")*"|${field})(${separator}|\r?\n|$)`, 'gy');
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, value = '', end] of text.matchAll(token)) {
    row.push(value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value);
    if (end === separator) continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
    if (rows.length >= limit || end === '') break;
  }
  return rows;
}
