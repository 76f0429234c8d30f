import { type Role, ROLES } from '../../shared/api/types';
import { formatWord } from '../../shared/ui/format';

export const ROLE_OPTIONS = ROLES.map((role) => ({ value: role, label: formatWord(role) }));

export function asRole(value: FormDataEntryValue | null): Role {
  return ROLES.find((role) => role === value) ?? 'VIEWER';
}
