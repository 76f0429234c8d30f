import type { Contact, NamedContact } from '../api/types';

/** An external id as it is pasted: the name of its system, a colon and the id. */
const EXTERNAL_ID = /^([a-z][\w-]{0,39}):(.+)$/s;

/** The API field for a pasted contact: id, e-mail address, phone number or `stripe:cus_123`. */
export function namedContact(text: string): NamedContact {
  const pasted = text.trim();
  const [, name, value] = EXTERNAL_ID.exec(pasted) ?? [];
  // `tel:` begins a phone number.
  if (name !== undefined && value !== undefined && name !== 'tel') {
    return { externalId: { name, value: value.trim() } };
  }
  if (pasted.includes('@')) return { email: pasted };
  return /^[a-z]+_\w+$/.test(pasted) ? { contactId: pasted } : { phone: pasted };
}

/** A contact's display name: the name, else an address, else an external id, else the id. */
export function personName(contact: Contact): string {
  const { firstName, lastName, email, phone, externalIds, id } = contact;
  const name = [firstName, lastName].filter((part) => part !== null && part !== '').join(' ');
  if (name !== '') return name;
  const [external] = Object.entries(externalIds).map((entry) => entry.join(':'));
  return email ?? phone ?? external ?? id;
}
