/** What other pages need from deliveries: the filters of their list, and their titles. */

import { t } from '@lingui/core/macro';
import { choice, oneOfSeveral, text } from '../address/parameters';
import {
  BOUNCE_KINDS,
  type BounceKind,
  CHANNELS,
  type Delivery,
  DELIVERY_STATUSES,
  type DeliveryDetail,
} from '../api/types';
import { defineFilters, type FiltersOf } from '../lists/filters';
import { formatWord } from '../ui/format';

export const DELIVERY_FILTERS = defineFilters({
  /** The tab of dead-lettered deliveries; it has no status filter. */
  tab: choice(['dead-lettered']),
  status: oneOfSeveral(DELIVERY_STATUSES),
  channel: choice(CHANNELS),
  automationId: text(),
  /** A contact's id, e-mail address, phone number or external id, as pasted. */
  contact: text(),
  /** The recipient's e-mail address or phone number, in any format. */
  address: text(),
  runId: text(),
  /** The code of the error: `BOUNCED`. */
  errorKind: text(),
  bounce: choice(BOUNCE_KINDS),
});

export type DeliveryFilters = FiltersOf<typeof DELIVERY_FILTERS>;

/** Why a message bounced, in an operator's words. */
export const BOUNCE_TEXTS: Record<BounceKind, string> = {
  PERMANENT: t`Address cannot receive messages`,
  BLOCKED: t`Blocked by recipient or carrier`,
  MESSAGE_REFUSED: t`Size or content refused`,
  MAILBOX_FULL: t`Mailbox full`,
  TEMPORARY: t`Temporary problem`,
  UNDETERMINED: t`Reason unknown`,
};

/** `mailbox full`: the reason within a sentence. */
export function bounceReason(bounce: BounceKind): string {
  const text = BOUNCE_TEXTS[bounce];
  return text.charAt(0).toLocaleLowerCase() + text.slice(1);
}

/** The recipient's address; it is removed if the contact was erased. */
export function recipient({ address, erasedAt }: DeliveryDetail | Delivery): string {
  return erasedAt ? t`an erased contact` : address;
}

/** A message's title: its subject, else its channel and recipient. */
export function deliveryTitle(delivery: DeliveryDetail | Delivery): string {
  return delivery.subject ?? t`${formatWord(delivery.channel)} to ${recipient(delivery)}`;
}
