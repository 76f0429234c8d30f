/** A contact's consents: what they mean on each channel, and what the form changes. */

import { t } from '@lingui/core/macro';
import type {
  ConsentChange,
  ConsentChannel,
  ConsentPurpose,
  Consents,
} from '../../shared/api/types';
import { channelName } from '../../shared/subjects/channels';

export const PURPOSES = ['TRANSACTIONAL', 'MARKETING'] as const satisfies ConsentPurpose[];
export const CHANNELS = ['EMAIL', 'SMS', 'WHATSAPP'] as const satisfies ConsentChannel[];

/** The name of a purpose in `Consents`. */
const FIELDS = { MARKETING: 'marketing', TRANSACTIONAL: 'transactional' } as const;

export const NO_CONSENTS: Consents = { marketing: false, transactional: true, channels: {} };

/** The consent of one channel alone; null if it is like all channels. */
export function ownConsent(
  { channels }: Consents,
  purpose: ConsentPurpose,
  channel: ConsentChannel,
): boolean | null {
  return channels?.[channel]?.[FIELDS[purpose]] ?? null;
}

/** Whether messages of this purpose are allowed; without a channel, for all channels. */
export function allows(
  consents: Consents,
  purpose: ConsentPurpose,
  channel: ConsentChannel | null,
): boolean {
  const own = channel === null ? null : ownConsent(consents, purpose, channel);
  return own ?? consents[FIELDS[purpose]];
}

/** Whether a consent that is missing on a channel was withdrawn, rather than never given. */
export function wasWithdrawn(
  consents: Consents,
  changes: readonly ConsentChange[],
  purpose: ConsentPurpose,
  channel: ConsentChannel,
): boolean {
  if (purpose === 'TRANSACTIONAL' || ownConsent(consents, purpose, channel) === false) return true;
  return changes.some(
    (each) => each.purpose === purpose && each.channel === null && !each.isGiven,
  );
}

/** The check boxes of one purpose. */
export type ConsentDraft = Record<ConsentChannel | 'ALL', boolean>;
export type ConsentDrafts = Record<ConsentPurpose, ConsentDraft>;

function draftOf(consents: Consents, purpose: ConsentPurpose): ConsentDraft {
  return {
    ALL: allows(consents, purpose, null),
    EMAIL: allows(consents, purpose, 'EMAIL'),
    SMS: allows(consents, purpose, 'SMS'),
    WHATSAPP: allows(consents, purpose, 'WHATSAPP'),
  };
}

export function draftsOf(consents: Consents): ConsentDrafts {
  return {
    MARKETING: draftOf(consents, 'MARKETING'),
    TRANSACTIONAL: draftOf(consents, 'TRANSACTIONAL'),
  };
}

/**
 * The check boxes of a purpose after the one for all channels was changed. As in the API, a
 * withdrawal on a single channel outlasts a consent for all channels.
 */
export function withAll(stored: Consents, purpose: ConsentPurpose, isGiven: boolean): ConsentDraft {
  return draftOf(afterAll(stored, purpose, isGiven), purpose);
}

/** The consents after the API has set the one for all channels. */
function afterAll(stored: Consents, purpose: ConsentPurpose, isGiven: boolean): Consents {
  const field = FIELDS[purpose];
  const channels = Object.fromEntries(
    CHANNELS.map((channel) => {
      const own = ownConsent(stored, purpose, channel);
      return [channel, { ...stored.channels?.[channel], [field]: own === false ? false : null }];
    }),
  );
  return { ...stored, [field]: isGiven, channels };
}

/** What the form sends: the API then has exactly what the check boxes show. */
export function consentsOf(stored: Consents, drafts: ConsentDrafts): Consents {
  const channels: NonNullable<Consents['channels']> = {};
  for (const purpose of PURPOSES) {
    const draft = drafts[purpose];
    const unless = afterAll(stored, purpose, draft.ALL);
    for (const channel of CHANNELS) {
      if (draft[channel] !== allows(unless, purpose, channel)) {
        channels[channel] = { ...channels[channel], [FIELDS[purpose]]: draft[channel] };
      }
    }
  }
  return { marketing: drafts.MARKETING.ALL, transactional: drafts.TRANSACTIONAL.ALL, channels };
}

/** `Marketing consent withdrawn for SMS`. */
export function changeText({ purpose, channel, isGiven }: ConsentChange): string {
  const isMarketing = purpose === 'MARKETING';
  if (channel === null) {
    if (isGiven) {
      return isMarketing
        ? t`Marketing consent given for all channels`
        : t`Transactional consent given for all channels`;
    }
    return isMarketing
      ? t`Marketing consent withdrawn for all channels`
      : t`Transactional consent withdrawn for all channels`;
  }
  const name = channelName(channel);
  if (isGiven) {
    return isMarketing ? t`Marketing consent given for ${name}` : t`Transactional consent given for ${name}`;
  }
  return isMarketing
    ? t`Marketing consent withdrawn for ${name}`
    : t`Transactional consent withdrawn for ${name}`;
}

/** Who changed a consent, and where. */
export function originText({ origin, by, channel }: ConsentChange): string {
  switch (origin) {
    case 'CONSOLE':
      return by === null ? t`In the console` : t`In the console, by ${by}`;
    case 'API':
      return by === null ? t`Through the API` : t`Through the API, by ${by}`;
    case 'IMPORT':
      return by === null ? t`By an import` : t`By an import that ${by} started`;
    case 'WEBHOOK':
      return t`By an event`;
    case 'UNSUBSCRIBE':
      return t`By the contact, with the link in a message`;
    case 'MESSAGE':
      return channel === 'SMS'
        ? t`By the contact, with an answer to an SMS`
        : t`By the contact, with an answer to a message`;
  }
}
