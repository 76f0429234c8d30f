import { t } from '@lingui/core/macro';
import { Button, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { meQuery } from '../../shared/api/queries';
import { useServices } from '../../shared/auth/services';
import { ConfirmDialog } from '../../shared/ui/ConfirmDialog';
import detail from '../../shared/ui/Detail.module.css';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import classes from './Account.module.css';
import { KeyboardSection } from './KeyboardSection';
import { LocaleSection } from './LocaleSection';
import OwnInvitations from './OwnInvitations';
import { SecondFactor } from './SecondFactor';

function Sessions() {
  const { api, session } = useServices();
  const [isAsking, setAsking] = useState(false);
  return (
    <section className={classes.section} aria-labelledby="sessions">
      <h2 id="sessions">{t`Sessions`}</h2>
      <p>{t`If you are still signed in somewhere else, end all of your sessions.`}</p>
      <Button
        variant="default"
        onClick={() => {
          setAsking(true);
        }}
      >
        {t`Sign out everywhere`}
      </Button>
      {isAsking && (
        <ConfirmDialog
          title={t`Sign out everywhere?`}
          action={t`End all sessions`}
          run={async () => {
            await api.post('/v1/me/sign-out-everywhere', {});
            session.signOut();
          }}
          onClose={() => {
            setAsking(false);
          }}
        >
          <p>{t`You are signed out here and in every other browser.`}</p>
        </ConfirmDialog>
      )}
    </section>
  );
}

/** The user's own account. It needs no role and no workspace. */
export default function AccountPage() {
  const { api } = useServices();
  const { data: me, error, refetch } = useQuery(meQuery(api));
  return (
    <div className={detail.page}>
      <title>{t`Your account · Runledger`}</title>
      <h1>{t`Your account`}</h1>
      {!me && error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!me && !error && (
        <div role="status" aria-label={t`Loading your account`}>
          <Skeleton height={240} />
        </div>
      )}
      {me && (
        <>
          <p>{t`You sign in as ${me.email}. Only an operator of this installation can change the address.`}</p>
          {me.invitations.length > 0 && (
            <section className={classes.section} aria-labelledby="invitations">
              <h2 id="invitations">{t`Invitations`}</h2>
              <OwnInvitations invitations={me.invitations} />
            </section>
          )}
          <LocaleSection />
          <KeyboardSection />
          <SecondFactor me={me} />
          <Sessions />
        </>
      )}
    </div>
  );
}
