import { PROBLEM_MATCHER, TASK_TYPE } from './names.ts';

/** The tasks that run pipelines, as the manifest declares them. */
export const TASK_DEFINITION = {
  type: TASK_TYPE,
  required: ['file'],
  properties: {
    file: { type: 'string', description: 'Path of the pipeline file, relative to the folder.' },
    step: { type: 'string', description: 'Runs only this step; what it needs is taken as done.' },
    set: {
      type: 'object',
      description: 'Parameters for this run, by their dotted names.',
      additionalProperties: { type: ['string', 'number', 'boolean'] },
    },
  },
};

/** Finds the problems of pipeline files in what `modelthat run` prints. */
export const PROBLEM_MATCHER_DECLARATION = {
  name: PROBLEM_MATCHER,
  label: 'modelthat',
  owner: 'modelthat-task',
  source: 'modelthat',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor fills it in
  fileLocation: ['autoDetect', '${workspaceFolder}'],
  pattern: {
    regexp: '^(.+?):(\\d+):(\\d+): (error|warning): (.+)$',
    file: 1,
    line: 2,
    column: 3,
    severity: 4,
    message: 5,
  },
};
