import { t } from '@lingui/core/macro';
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

/** Shows a form only to people who may submit it; others see which role it needs. */
export function NeedsRole({ least, children }: Props) {
  const { api } = useServices();
  const { data: me } = useQuery(meQuery(api));
  if (me === undefined) return null;
  if (allows(me.role, least)) return children;
  return (
    <Notice title={t`You need the ${formatWord(least)} role`}>
      <p>
        {me.role !== null && <>{t`Your role is ${formatWord(me.role)}.`} </>}
        {t`Ask an owner of the workspace for a higher role.`}
      </p>
    </Notice>
  );
}
