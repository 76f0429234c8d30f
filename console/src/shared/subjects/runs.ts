/** What other pages need from runs: the filters of their list, and the address of a step. */

import { defineAddress } from '../address/addressState';
import { oneOfSeveral, text, texts } from '../address/parameters';
import { RUN_HEALTHS, RUN_STATUSES, TRIGGER_TYPES } from '../api/types';
import { defineFilters, type FiltersOf } from '../lists/filters';

export const RUN_FILTERS = defineFilters({
  status: oneOfSeveral(RUN_STATUSES),
  /** What an open run does, such as WAITING. */
  health: oneOfSeveral(RUN_HEALTHS),
  automationId: text(),
  /** A contact's id, e-mail address, phone number or external id, as pasted. */
  contact: text(),
  /** A key's name and value: `orderId:A-1001`. */
  key: text(),
  triggerType: oneOfSeveral(TRIGGER_TYPES),
  /** A failure group's id. */
  errorGroup: text(),
  /** The run whose reruns are listed, or the recovery. */
  rerunOf: text(),
  recoveryId: text(),
});

/** The value of the filter `key`. */
export function keyFilter({ name, value }: { name: string; value: string }): string {
  return `${name}:${value}`;
}

export type RunFilters = FiltersOf<typeof RUN_FILTERS>;

/** The address state of a run's page: the open steps, in the order they were opened. */
export const RUN_PAGE = defineAddress({ step: texts() });

/** The address of a run with one step open. */
export function stepAddress(runId: string, nodeId: string): string {
  return RUN_PAGE.address(`/runs/${runId}`, { step: [nodeId] });
}
