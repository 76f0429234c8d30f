import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'react-router';
import { OwnInvitations } from '../pages/account/OwnInvitations';
import { meQuery } from '../shared/api/queries';
import type { Me } from '../shared/api/types';
import { useServices } from '../shared/auth/services';
import detail from '../shared/ui/Detail.module.css';
import { EmptyState } from '../shared/ui/EmptyState';
import { Notice } from '../shared/ui/ErrorNotice';

const ACCOUNT = '/account';

function WithoutWorkspace({ me }: { me: Me }) {
  return (
    <div className={detail.page}>
      <title>Invitations · Runledger</title>
      <h1>You are in no workspace yet</h1>
      {me.invitations.length > 0 ? (
        <OwnInvitations invitations={me.invitations} />
      ) : (
        <EmptyState title="There is no invitation for you">
          <p>
            Ask an owner of the workspace to invite {me.email}. You find the invitation here, once
            it is made.
          </p>
        </EmptyState>
      )}
    </div>
  );
}

function WithoutSecondFactor({ workspace }: { workspace: string }) {
  return (
    <div className={detail.page}>
      <title>Second factor · Runledger</title>
      <h1>{workspace} asks for a second factor</h1>
      <Notice title="Switch it on to go on here" action={<Link to={ACCOUNT}>Your account</Link>}>
        <p>
          Every member of this workspace signs in with a code of an authenticator app as well. You
          switch it on in your account, in a minute.
        </p>
      </Notice>
    </div>
  );
}

/** What has to be done before the workspace can be seen; null where nothing has. */
function obstacle(me: Me): ReactNode {
  if (me.workspaces.length === 0) return <WithoutWorkspace me={me} />;
  const current = me.workspaces.find(({ id }) => id === me.workspaceId);
  return current?.requireMfa && !me.mfa ? <WithoutSecondFactor workspace={current.name} /> : null;
}

/** The page, for who may see the workspace; else what has to be done first. */
export function WorkspaceGuard({ children }: { children: ReactNode }) {
  const { api } = useServices();
  const { pathname } = useLocation();
  const { data: me } = useQuery(meQuery(api));
  const isAccount = pathname === ACCOUNT;
  const first = me && !isAccount ? obstacle(me) : null;
  if (first !== null) return first;
  // The page keeps its place, and so its state, when it becomes known who looks at it.
  return (
    <>
      {me && !isAccount && me.invitations.length > 0 && (
        <Notice title="You are invited" action={<Link to={ACCOUNT}>See your invitations</Link>}>
          <p>{me.invitations.map(({ workspaceName }) => workspaceName).join(', ')}</p>
        </Notice>
      )}
      {children}
    </>
  );
}
