import { useQuery } from '@tanstack/react-query';
import { meQuery } from '../api/queries';
import { type Role, ROLES } from '../api/types';
import { useServices } from './services';

/** Whether a role may do what another one at least is needed for. */
export function allows(role: Role | null, needed: Role): boolean {
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Whether the person signed in may: actions they may not do are not shown. The API decides. */
export function useAllows(needed: Role): boolean {
  const { api } = useServices();
  const { data: me } = useQuery(meQuery(api));
  return me !== undefined && allows(me.role, needed);
}
