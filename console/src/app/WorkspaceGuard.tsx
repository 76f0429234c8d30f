import { t } from '@lingui/core/macro';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'react-router';
import { meQuery } from '../shared/api/queries';
import type { Me } from '../shared/api/types';
import { useServices } from '../shared/auth/services';
import detail from '../shared/ui/Detail.module.css';
import { EmptyState } from '../shared/ui/EmptyState';
import { Notice } from '../shared/ui/ErrorNotice';
import { lazyComponent } from '../shared/ui/lazyComponent';

const { Component: OwnInvitations } = lazyComponent(() => import('../pages/account/OwnInvitations'));

const ACCOUNT = '/account';

function WithoutWorkspace({ me }: { me: Me }) {
  return (
    <div className={detail.page}>
      <title>{t`Invitations · Runledger`}</title>
      <h1>{t`You are not in a workspace yet`}</h1>
      {me.invitations.length > 0 ? (
        <OwnInvitations invitations={me.invitations} />
      ) : (
        <EmptyState title={t`No invitations`}>
          <p>
            {t`Ask an owner of the workspace to invite ${me.email}. The invitation then appears here.`}
          </p>
        </EmptyState>
      )}
    </div>
  );
}

function WithoutSecondFactor({ workspace }: { workspace: string }) {
  return (
    <div className={detail.page}>
      <title>{t`Second factor · Runledger`}</title>
      <h1>{t`${workspace} requires a second factor`}</h1>
      <Notice
        title={t`Switch on a second factor to continue`}
        action={<Link to={ACCOUNT}>{t`Your account`}</Link>}
      >
        <p>
          {t`Every member of this workspace must also sign in with a code from an authenticator app. You can set up the app in your account. This takes about a minute.`}
        </p>
      </Notice>
    </div>
  );
}

/** What the user must do before they can see the workspace; null if nothing. */
function obstacle(me: Me): ReactNode {
  if (me.workspaces.length === 0) return <WithoutWorkspace me={me} />;
  const current = me.workspaces.find(({ id }) => id === me.workspaceId);
  return current?.requireMfa && !me.mfa ? <WithoutSecondFactor workspace={current.name} /> : null;
}

/** Shows the page if the user may see the workspace, else what they must do first. */
export function WorkspaceGuard({ children }: { children: ReactNode }) {
  const { api } = useServices();
  const { pathname } = useLocation();
  const { data: me } = useQuery(meQuery(api));
  const isAccount = pathname === ACCOUNT;
  const first = me && !isAccount ? obstacle(me) : null;
  if (first !== null) return first;
  // The page stays in the same position, so it keeps its state when `me` arrives.
  return (
    <>
      {me && !isAccount && me.invitations.length > 0 && (
        <Notice title={t`You are invited`} action={<Link to={ACCOUNT}>{t`See your invitations`}</Link>}>
          <p>{me.invitations.map(({ workspaceName }) => workspaceName).join(', ')}</p>
        </Notice>
      )}
      {children}
    </>
  );
}
