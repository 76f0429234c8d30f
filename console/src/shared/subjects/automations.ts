/** What other pages need from automations: the addresses of an automation and of its versions. */

import { defineAddress } from '../address/addressState';
import { choice, text } from '../address/parameters';

/** The address state of an automation's page: tab, selected node, compared versions. */
export const AUTOMATION_PAGE = defineAddress({
  tab: choice(['versions']),
  node: text(),
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
