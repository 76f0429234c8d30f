import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import type { Me } from '../../shared/api/types';
import { SignInError } from '../../shared/auth/cognito';
import { useServices } from '../../shared/auth/services';
import { ConfirmDialog } from '../../shared/ui/ConfirmDialog';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import form from '../../shared/ui/Form.module.css';
import { OneTimeCodeInput } from '../../shared/ui/OneTimeCodeInput';
import classes from './Account.module.css';
import { SecretCode } from './SecretCode';

function Failure({ error }: { error: Error | null }) {
  if (error === null) return null;
  if (error instanceof SignInError) return <Notice tone="bad" title={error.message} />;
  return <ErrorNotice error={error} />;
}

interface SetUpProps {
  email: string;
  secret: string;
  onDone: () => Promise<unknown>;
  onLeave: () => void;
}

/** Shows the secret and asks for a code, which proves that the app has the secret. */
function SetUp({ email, secret, onDone, onLeave }: SetUpProps) {
  const { session } = useServices();
  const { mutate, error, isPending } = useMutation({
    mutationFn: (code: string) => session.secondFactor.switchOn(code),
    networkMode: 'always',
    onSuccess: onDone,
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const code = new FormData(event.currentTarget).get('code');
    if (typeof code === 'string') mutate(code.replaceAll(' ', ''));
  }

  return (
    <form className={form.form} onSubmit={submit} noValidate aria-label={t`Switch on a second factor`}>
      <SecretCode email={email} secret={secret} />
      <OneTimeCodeInput label={t`Code from the app`} />
      <Failure error={error} />
      <div className={form.buttons}>
        <Button type="submit" loading={isPending}>
          {t`Switch on`}
        </Button>
        <Button variant="default" onClick={onLeave}>
          {t`Not now`}
        </Button>
      </div>
    </form>
  );
}

/** Switches the user's own second factor (TOTP) on and off. */
export function SecondFactor({ me }: { me: Me }) {
  const { session } = useServices();
  const queries = useQueryClient();
  const [secret, setSecret] = useState<string | null>(null);
  const [isLeaving, setLeaving] = useState(false);
  const begin = useMutation({
    mutationFn: () => session.secondFactor.begin(),
    networkMode: 'always',
    onSuccess: setSecret,
  });
  // A workspace that requires a second factor can be read from now on.
  const refresh = () => queries.resetQueries();
  return (
    <section className={classes.section} aria-labelledby="second-factor">
      <h2 id="second-factor">{t`Second factor`}</h2>
      {me.mfa ? (
        <>
          <p>{t`On. To sign in you need your password and a code from your authenticator app.`}</p>
          <Button
            variant="default"
            onClick={() => {
              setLeaving(true);
            }}
          >
            {t`Switch off`}
          </Button>
        </>
      ) : secret !== null ? (
        <SetUp
          email={me.email}
          secret={secret}
          onDone={() => {
            setSecret(null);
            return refresh();
          }}
          onLeave={() => {
            setSecret(null);
          }}
        />
      ) : (
        <>
          <p>
            {t`Off. With a second factor, signing in also needs a code from your authenticator app. Your password alone is then not enough.`}
          </p>
          <Failure error={begin.error} />
          <Button
            loading={begin.isPending}
            onClick={() => {
              begin.mutate();
            }}
          >
            {t`Set up`}
          </Button>
        </>
      )}
      {isLeaving && (
        <ConfirmDialog
          title={t`Switch off your second factor?`}
          action={t`Switch off`}
          run={async () => {
            await session.secondFactor.switchOff();
            await refresh();
          }}
          onClose={() => {
            setLeaving(false);
          }}
        >
          <p>{t`Workspaces that require a second factor will deny you access within minutes.`}</p>
        </ConfirmDialog>
      )}
    </section>
  );
}
