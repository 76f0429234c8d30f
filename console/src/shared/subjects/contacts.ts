import type { Contact } from '../api/types';

/** What a person is called: by name, else by how they are reached. */
export function personName({ firstName, lastName, email, phone, id }: Contact): string {
  const name = [firstName, lastName].filter((part) => part !== null && part !== '').join(' ');
  return name === '' ? (email ?? phone ?? id) : name;
}
