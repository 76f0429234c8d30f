import { t } from '@lingui/core/macro';
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type ReactNode, type SubmitEvent, useState } from 'react';
import { SignInError } from '../shared/auth/cognito';
import { ErrorNotice, Notice } from '../shared/ui/ErrorNotice';
import { Brand } from './Brand';
import classes from './SignIn.module.css';

interface FormProps {
  title: string;
  action: string;
  /** Raises the error to show. */
  onSubmit: (form: FormData) => Promise<void>;
  notice?: ReactNode;
  children: ReactNode;
  /** Other ways to continue, below the form's button. */
  others?: ReactNode;
}

/** A form of somebody who is not signed in. */
export function AuthForm({ title, action, onSubmit, notice, children, others }: FormProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  async function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await onSubmit(form);
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
      setBusy(false);
    }
  }

  return (
    <form className={classes.card} onSubmit={(event) => void submit(event)}>
      <Brand />
      <h1>{title}</h1>
      {!error && notice}
      {error instanceof SignInError && <Notice tone="bad" title={error.message} />}
      {error && !(error instanceof SignInError) && <ErrorNotice error={error} />}
      {children}
      <Button type="submit" loading={busy}>
        {action}
      </Button>
      {others}
    </form>
  );
}

export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

interface PasswordProps {
  label: string;
  name: string;
  autoComplete: 'current-password' | 'new-password';
  description?: string;
}

export function Password({ label, ...props }: PasswordProps) {
  return (
    <PasswordInput
      {...props}
      label={label}
      required
      withAsterisk={false}
      visibilityToggleButtonProps={{ 'aria-label': t`Show the password`, tabIndex: 0 }}
    />
  );
}

export function Email({ defaultValue }: { defaultValue?: string }) {
  return (
    <TextInput
      label={t`E-mail address`}
      name="email"
      type="email"
      autoComplete="username"
      defaultValue={defaultValue}
      required
      withAsterisk={false}
    />
  );
}

/** The fields of a new password. `chosenPassword` reads them. */
export function NewPassword() {
  return (
    <>
      <Password
        label={t`New password`}
        name="new"
        autoComplete="new-password"
        description={t`At least 12 characters, with uppercase and lowercase letters and digits.`}
      />
      <Password label={t`Repeat the password`} name="repeated" autoComplete="new-password" />
    </>
  );
}

/** Raises SignInError if the two fields differ. */
export function chosenPassword(form: FormData): string {
  const chosen = textOf(form, 'new');
  if (chosen !== textOf(form, 'repeated')) {
    throw new SignInError('MISMATCH', t`The passwords do not match.`);
  }
  return chosen;
}
