/** What other pages need of automations: the address of one, and of one of its versions. */

import { defineAddress } from '../address/addressState';
import { choice, text } from '../address/parameters';

/** An automation's page: its tab, the node that is looked at, and the versions that are compared. */
export const AUTOMATION_PAGE = defineAddress({
  tab: choice(['versions']),
  node: text(),
  from: text(),
  to: text(),
});

/** The address of one version, and what was new in it. */
export function versionAddress(automationId: string, version: number): string {
  return AUTOMATION_PAGE.address(`/automations/${automationId}`, {
    tab: 'versions',
    to: String(version),
  });
}
