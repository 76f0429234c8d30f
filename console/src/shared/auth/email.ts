/**
 * The form in which accounts have their address: lower case, in Unicode's form NFC. The user pool
 * compares addresses letter by letter, and keyboards of phones begin with a capital.
 */
export function normalizeEmail(typed: string): string {
  return typed.trim().normalize('NFC').toLowerCase();
}
