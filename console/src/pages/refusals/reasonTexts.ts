/** The meaning of each reason, and what to do about it. */

import { t } from '@lingui/core/macro';
import type { RefusalReason } from '../../shared/api/types';

export interface ReasonText {
  /** What happened, in a sentence. */
  meaning: string;
  /** The next thing to do. */
  advice: string;
}

export const REASON_TEXTS: Record<RefusalReason, ReasonText> = {
  DUPLICATE: {
    meaning: t`The same event arrived before and opened a run.`,
    advice: t`No action needed: see the run that the first event opened.`,
  },
  NO_CONTACT: {
    meaning: t`No contact of the workspace matches the event.`,
    advice:
      t`Create the contact, correct the path that the trigger reads, or let the trigger create contacts.`,
  },
  BAD_SIGNATURE: {
    meaning: t`The signature is missing, or does not match the webhook’s secret.`,
    advice: t`Check the secret that the sender uses. Replace it if others may know it.`,
  },
  INACTIVE: {
    meaning: t`The automation was not active when its trigger fired.`,
    advice: t`Activate the automation, or stop the sender.`,
  },
  INVALID_PAYLOAD: {
    meaning: t`The payload does not match what the trigger expects.`,
    advice: t`Compare the payload with the fields that the trigger reads.`,
  },
  REENTRY_BLOCKED: {
    meaning: t`The re-entry rule allows no further run for this contact.`,
    advice: t`Check the contact’s earlier run, or change the re-entry rule if this event should open a run.`,
  },
  RATE_LIMITED: {
    meaning: t`More events arrived in a minute than the rate limit allows.`,
    advice: t`Slow down the sender, or raise the trigger’s rate limit.`,
  },
  CHAIN_TOO_DEEP: {
    meaning: t`Too many automations started each other in a row.`,
    advice: t`Check for automations that start each other in a loop.`,
  },
  KEY_REUSED: {
    meaning: t`The idempotency key was already used with a different body.`,
    advice: t`The sender must use a new key for each event, and repeat a key only to retry the same event.`,
  },
};
