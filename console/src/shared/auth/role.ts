import { useQuery } from '@tanstack/react-query';
import { meQuery } from '../api/queries';
import { type Role, ROLES } from '../api/types';
import { useServices } from './services';

/** Whether a role includes another one. */
export function allows(role: Role | null, needed: Role): boolean {
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Whether the user has at least this role; undefined until the role is known. */
function useMaybeAllows(needed: Role): boolean | undefined {
  const { api } = useServices();
  const { data: me } = useQuery(meQuery(api));
  return me && allows(me.role, needed);
}

/** Whether the user has at least this role, to hide other actions. The API enforces it. */
export function useAllows(needed: Role): boolean {
  return useMaybeAllows(needed) === true;
}

/** Whether the user has a lower role, to say which one is needed. False until the role is known. */
export function useLacks(needed: Role): boolean {
  return useMaybeAllows(needed) === false;
}
