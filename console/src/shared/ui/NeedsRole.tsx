import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { meQuery } from '../api/queries';
import type { Role } from '../api/types';
import { allows } from '../auth/role';
import { useServices } from '../auth/services';
import { Notice } from './ErrorNotice';
import { formatWord } from './format';

interface Props {
  least: Role;
  children: ReactNode;
}

/** A form for people who may send it; others see at once, before they write, that they may not. */
export function NeedsRole({ least, children }: Props) {
  const { api } = useServices();
  const { data: me } = useQuery(meQuery(api));
  if (me === undefined) return null;
  if (allows(me.role, least)) return children;
  return (
    <Notice title={`This is for the role ${formatWord(least)}`}>
      <p>
        {me.role !== null && `Yours is ${formatWord(me.role)}. `}Ask an owner of the workspace for a role that allows it.
      </p>
    </Notice>
  );
}
