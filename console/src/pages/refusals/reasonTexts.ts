/** What each reason means, and what to do about it. */

import type { RefusalReason } from '../../shared/api/types';

export interface ReasonText {
  /** What happened, in a sentence. */
  meaning: string;
  /** The next thing to do. */
  advice: string;
}

export const REASON_TEXTS: Record<RefusalReason, ReasonText> = {
  DUPLICATE: {
    meaning: 'The same event had come before and had opened a run.',
    advice: 'Nothing to do: the run it opened is the one to look at.',
  },
  NO_CONTACT: {
    meaning: 'The event names nobody that the workspace knows.',
    advice:
      'Create the contact, correct the path that the trigger reads, or let it create contacts.',
  },
  BAD_SIGNATURE: {
    meaning: 'The signature is missing or was not made with the webhook’s secret.',
    advice: 'Compare the secret that the sender uses; rotate it if it may be known to others.',
  },
  INACTIVE: {
    meaning: 'The automation was not active when its trigger fired.',
    advice: 'Activate the automation, or stop what calls it.',
  },
  INVALID_PAYLOAD: {
    meaning: 'The event is not what the trigger expects.',
    advice: 'Compare the event with what the trigger reads from it.',
  },
  REENTRY_BLOCKED: {
    meaning: 'The automation’s re-entry rule kept the contact out.',
    advice: 'Look at the run in the way, or loosen the rule if it should have run again.',
  },
  RATE_LIMITED: {
    meaning: 'More events came in a minute than the trigger lets in.',
    advice: 'Slow the sender down, or raise the trigger’s rate limit.',
  },
  CHAIN_TOO_DEEP: {
    meaning: 'Automations started one another too many times in a row.',
    advice: 'Look for automations that start each other in a circle.',
  },
  KEY_REUSED: {
    meaning: 'The idempotency key had come before with another body.',
    advice: 'Have the sender use a new key for each event, and the same one only to repeat it.',
  },
};
