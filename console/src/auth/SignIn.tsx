import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { Brand } from '../app/Brand';
import { useServices, useSessionState } from '../app/context';
import { ErrorNotice, Notice } from '../ui/ErrorNotice';
import { SignInError } from './cognito';
import classes from './SignIn.module.css';

/** Shown in place of any page while nobody is signed in. */
export function SignIn() {
  const { session } = useServices();
  const expired = useSessionState() === 'expired';
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const email = form.get('email');
    const password = form.get('password');
    if (typeof email !== 'string' || typeof password !== 'string') return;
    setBusy(true);
    setError(null);
    try {
      await session.signIn(email.trim(), password);
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
      setBusy(false);
    }
  }

  return (
    <main className={classes.page}>
      <title>Sign in · Runledger</title>
      <form className={classes.card} onSubmit={(event) => void submit(event)}>
        <Brand />
        <h1>Sign in</h1>
        {expired && !error && (
          <Notice title="Your session has ended">
            Sign in again to go on where you were.
          </Notice>
        )}
        {error instanceof SignInError && <Notice tone="bad" title={error.message} />}
        {error && !(error instanceof SignInError) && <ErrorNotice error={error} />}
        <TextInput
          label="E-mail address"
          name="email"
          type="email"
          autoComplete="username"
          required
          withAsterisk={false}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password', tabIndex: 0 }}
        />
        <Button type="submit" loading={busy}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
