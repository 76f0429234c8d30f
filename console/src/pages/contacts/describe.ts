/** Describes a contact's consents. */

import type { Contact } from '../../shared/api/types';

export function consentText({ consents: { marketing, transactional } }: Contact): string {
  if (marketing && transactional) return 'All messages';
  if (transactional) return 'Transactional only';
  return marketing ? 'Marketing only' : 'No messages';
}
