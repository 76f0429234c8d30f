/** The form rows of a contact's external ids. */

import { t } from '@lingui/core/macro';
import type { Contact } from '../../shared/api/types';

export const MAX_EXTERNAL_IDS = 10;

export interface ExternalIdRow {
  /** The key of the form row. */
  key: string;
  name: string;
  value: string;
}

export function rowsOf(contact: Contact | undefined): ExternalIdRow[] {
  return Object.entries(contact?.externalIds ?? {}).map(([name, value]) => ({
    key: name,
    name,
    value,
  }));
}

function isBlank({ name, value }: ExternalIdRow): boolean {
  return name.trim() === '' && value.trim() === '';
}

/** Why the name of a row cannot be sent; null if it can. The API checks the rest. */
export function nameProblem(rows: ExternalIdRow[], row: ExternalIdRow): string | null {
  const name = row.name.trim();
  if (name === '') return isBlank(row) ? null : t`Name the system.`;
  const first = rows.find((each) => each.name.trim() === name);
  return first?.key === row.key ? null : t`The id of this system is already entered above.`;
}

/** The rows as the API takes them; null if a name is missing or repeated. */
export function externalIdsOf(rows: ExternalIdRow[]): Record<string, string> | null {
  if (rows.some((row) => nameProblem(rows, row) !== null)) return null;
  return Object.fromEntries(
    rows.filter((row) => !isBlank(row)).map(({ name, value }) => [name.trim(), value.trim()]),
  );
}
