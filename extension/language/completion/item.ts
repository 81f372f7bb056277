import type { Cursor } from '../cursor.ts';
import type { DaemonFacts } from '../daemon-facts.ts';
import type { Files } from '../files.ts';
import type { PipelineText, StepText } from '../pipeline-text.ts';
import type { Project } from '../project.ts';
import type { Span } from '../yaml-text.ts';

/** Something that can be typed. */
export interface Completion {
  readonly label: string;
  readonly kind: 'key' | 'step' | 'parameter' | 'file' | 'folder' | 'model' | 'metric' | 'value';
  /** In a few words, beside the label. */
  readonly detail?: string;
  /** Markdown. */
  readonly documentation?: string;
  readonly insert: string;
  /** Whether `insert` has the editor's tab stops. */
  readonly isSnippet?: boolean;
  /** What is replaced. */
  readonly span: Span;
  /** Whether more can be completed once it is there. */
  readonly goesOn?: boolean;
}

/** What the completion of a value rests on. */
export interface ValueContext {
  readonly files: Files;
  readonly facts: () => Promise<DaemonFacts>;
  readonly project: Project;
  readonly pipeline: PipelineText;
  readonly step: StepText | undefined;
  readonly cursor: Cursor;
}

/** The word before the cursor. */
export function wordAt({ typed, span }: Cursor): Span {
  const word = /[^\s()]*$/.exec(typed)?.[0] ?? '';
  const end = span.start + typed.length;
  return { start: end - word.length, end };
}
