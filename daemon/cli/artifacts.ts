/** `modelthat artifacts [use <place>]`: where the store keeps its files. */
import type { Command } from 'commander';
import { keepArtifactPlace, keptArtifactPlace } from '../client/settings.ts';
import { Context } from './context.ts';
import { print, printJson } from './output.ts';

export function register(program: Command): void {
  const artifacts = program
    .command('artifacts')
    .description('where this store keeps artifacts: in its own folder, or on S3-compatible storage')
    .action(show);
  artifacts
    .command('use')
    .description(
      'choose the place, from the daemon’s next start on; files that are there already stay where they are',
    )
    .argument('<place>', "'local', or s3://bucket/prefix?endpoint=https://…&region=…&pathStyle=true")
    .action(use);
}

function show(_options: unknown, command: Command): void {
  const context = new Context(command);
  const place = keptArtifactPlace(context.place.state);
  if (context.json) printJson({ place });
  else print(place);
}

async function use(place: string, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  keepArtifactPlace(context.place.state, place);
  const running = (await context.running()) !== undefined;
  if (context.json) printJson({ place, takesEffect: running ? 'after a restart' : 'at the next start' });
  else
    print(`Artifacts go to ${place}${running ? ' once the daemon is started again (modelthat stop)' : ''}.`);
}
