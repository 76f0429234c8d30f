/** Describes a contact's consents. */

import { t } from '@lingui/core/macro';
import type { Contact } from '../../shared/api/types';
import { allows, CHANNELS, PURPOSES } from './consents';

export function consentText({ consents }: Contact): string {
  const { marketing, transactional } = consents;
  const differs = PURPOSES.some((purpose) =>
    CHANNELS.some((channel) => {
      return allows(consents, purpose, channel) !== allows(consents, purpose, null);
    }),
  );
  if (differs) return t`Differs by channel`;
  if (marketing && transactional) return t`All messages`;
  if (transactional) return t`Transactional only`;
  return marketing ? t`Marketing only` : t`No messages`;
}
