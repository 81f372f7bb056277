import { switchAutomation } from '../../daemon/contract/automations.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { Stores } from '../daemon/stores.ts';
import { subjectOf } from '../trees/subject.ts';
import { askAutomation } from './ask.ts';

/** Commands on the schedules and triggers of pipelines. */
export function automationCommands(stores: Stores) {
  return {
    'modelthat.automations.turnOn': argument => turn(stores, argument, true),
    'modelthat.automations.turnOff': argument => turn(stores, argument, false),
  } satisfies Partial<Handlers>;
}

async function turn(stores: Stores, argument: unknown, on: boolean): Promise<void> {
  const subject = subjectOf(argument, 'automation');
  const chosen = subject
    ? { connection: subject.connection, thing: subject.automation }
    : await askAutomation(stores, `Turn ${on ? 'On' : 'Off'} Schedule or Triggers`, !on);
  if (!chosen) return;
  const { file, kind } = chosen.thing;
  await chosen.connection.call(switchAutomation, { body: { file, kind, on } });
}
