import * as z from 'zod';
import { acts, TOOL_NAMES, TOOLS, type ToolName } from '../../daemon/contract/tools.ts';

/** What a tool is called among those of all extensions. */
export const toolId = (name: ToolName): string => `modelthat_${name}`;

/** The tools as the manifest declares them for the editor's language models. */
export const languageModelTools = () =>
  TOOL_NAMES.map(name => {
    const { title, description, input } = TOOLS[name];
    return {
      name: toolId(name),
      displayName: title,
      modelDescription: description,
      userDescription: description,
      canBeReferencedInPrompt: true,
      toolReferenceName: name.replaceAll('_', '-'),
      icon: acts(name) ? '$(play)' : '$(graph-line)',
      tags: ['modelthat'],
      inputSchema: z.toJSONSchema(input, { io: 'input' }),
      when: 'modelthat.hasProject',
    };
  });
