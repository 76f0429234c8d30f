import type { Contact } from '../api/types';

/** A contact's display name: the name, else an address. */
export function personName({ firstName, lastName, email, phone, id }: Contact): string {
  const name = [firstName, lastName].filter((part) => part !== null && part !== '').join(' ');
  return name === '' ? (email ?? phone ?? id) : name;
}
