/** A contact in few words. */

import type { Contact } from '../api/types';

/** What a person is called: by name, else by how they are reached. */
export function personName({ firstName, lastName, email, phone, id }: Contact): string {
  const name = [firstName, lastName].filter((part) => part !== null && part !== '').join(' ');
  return name === '' ? (email ?? phone ?? id) : name;
}

export function consentWords({ consents: { marketing, transactional } }: Contact): string {
  if (marketing && transactional) return 'All messages';
  if (transactional) return 'Transactional only';
  return marketing ? 'Marketing only' : 'No messages';
}
