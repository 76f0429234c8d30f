/** What other pages need from automations: the addresses of an automation, its editor and its versions. */

import { defineAddress } from '../address/addressState';
import { choice, text } from '../address/parameters';

/**
 * The address state of an automation's page: tab, selected node, the event in the test bench,
 * compared versions.
 */
export const AUTOMATION_PAGE = defineAddress({
  tab: choice(['test', 'versions']),
  node: text(),
  event: text(),
  from: text(),
  to: text(),
});

/** The address of one version, compared with the one before. */
export function versionAddress(automationId: string, version: number): string {
  return AUTOMATION_PAGE.address(`/automations/${automationId}`, {
    tab: 'versions',
    to: String(version),
  });
}

/**
 * The editor: its view, the node that is edited, a question that waits for an answer, and the event
 * whose shape becomes the trigger's example.
 */
export const EDITOR_PAGE = defineAddress({
  view: choice(['json']),
  node: text(),
  activate: choice(['true']),
  example: text(),
});

/** As the editor's node: the trigger, which can have any id. */
export const ANY_TRIGGER = '$trigger';

/** The address of the editor with the trigger open. */
export function triggerEditorAddress(automationId: string): string {
  return EDITOR_PAGE.address(`/automations/${automationId}/edit`, { node: ANY_TRIGGER });
}
