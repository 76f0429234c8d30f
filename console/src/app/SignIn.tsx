import { Button, PasswordInput, TextInput } from '@mantine/core';
import { type ReactNode, type SubmitEvent, useState } from 'react';
import { CodeRequired, NewPasswordRequired, SignInError, TOO_LATE } from '../shared/auth/cognito';
import { useServices, useSessionState } from '../shared/auth/services';
import { ErrorNotice, Notice } from '../shared/ui/ErrorNotice';
import { OneTimeCodeInput } from '../shared/ui/OneTimeCodeInput';
import { Brand } from './Brand';
import classes from './SignIn.module.css';

interface FormProps {
  title: string;
  action: string;
  /** Raises the error to show. */
  onSubmit: (form: FormData) => Promise<void>;
  notice?: ReactNode;
  children: ReactNode;
}

function AuthForm({ title, action, onSubmit, notice, children }: FormProps) {
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
    </form>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

interface PasswordProps {
  label: string;
  name: string;
  autoComplete: 'current-password' | 'new-password';
  description?: string;
}

function Password({ label, ...props }: PasswordProps) {
  return (
    <PasswordInput
      {...props}
      label={label}
      required
      withAsterisk={false}
      visibilityToggleButtonProps={{ 'aria-label': 'Show the password', tabIndex: 0 }}
    />
  );
}

/** What Cognito asks for after the password. */
type Step = NewPasswordRequired | CodeRequired;

interface StepProps<Required> {
  required: Required;
  /** Raises the error to show; goes to the next step if Cognito asks for one. */
  onFailure: (failure: unknown) => void;
}

/** An invited person has a temporary password, which only lets them set their own. */
function FirstPassword({ required, onFailure }: StepProps<NewPasswordRequired>) {
  const { session } = useServices();
  return (
    <AuthForm
      title="Choose your password"
      action="Set the password and sign in"
      notice={
        <Notice title="Welcome to Runledger">
          The password from your invitation works only once.
        </Notice>
      }
      onSubmit={async (form) => {
        const chosen = textOf(form, 'new');
        if (chosen !== textOf(form, 'repeated')) {
          throw new SignInError('Mismatch', 'The passwords do not match.');
        }
        try {
          await session.choosePassword(required, chosen);
        } catch (failure) {
          onFailure(failure);
        }
      }}
    >
      <Password
        label="New password"
        name="new"
        autoComplete="new-password"
        description="At least 12 characters, with uppercase and lowercase letters and digits."
      />
      <Password label="Repeat the password" name="repeated" autoComplete="new-password" />
    </AuthForm>
  );
}

/** Asks for the code of the second factor. */
function Code({ required, onFailure }: StepProps<CodeRequired>) {
  const { session } = useServices();
  return (
    <AuthForm
      title="Enter your code"
      action="Sign in"
      onSubmit={async (form) => {
        try {
          await session.answerCode(required, textOf(form, 'code').replaceAll(' ', ''));
        } catch (failure) {
          onFailure(failure);
        }
      }}
    >
      <OneTimeCodeInput label="Code from your authenticator app" />
    </AuthForm>
  );
}

/** Replaces every page while nobody is signed in. */
export function SignIn() {
  const { session } = useServices();
  const expired = useSessionState() === 'expired';
  const [step, setStep] = useState<Step | null>(null);
  const [tooLate, setTooLate] = useState<SignInError | null>(null);

  function goOn(failure: unknown) {
    if (failure instanceof NewPasswordRequired || failure instanceof CodeRequired) {
      setStep(failure);
    } else if (failure instanceof SignInError && failure.code === TOO_LATE) {
      setTooLate(failure);
      setStep(null);
    } else {
      throw failure;
    }
  }

  return (
    <main className={classes.page}>
      <title>Sign in · Runledger</title>
      {step instanceof NewPasswordRequired ? (
        <FirstPassword required={step} onFailure={goOn} />
      ) : step ? (
        <Code required={step} onFailure={goOn} />
      ) : (
        <AuthForm
          title="Sign in"
          action="Sign in"
          notice={
            tooLate ? (
              <Notice tone="bad" title={tooLate.message}>
                Sign in again with the same password as before.
              </Notice>
            ) : (
              expired && (
                <Notice title="Your session has ended">
                  Sign in to continue where you were.
                </Notice>
              )
            )
          }
          onSubmit={async (form) => {
            try {
              await session.signIn(textOf(form, 'email').trim(), textOf(form, 'password'));
            } catch (failure) {
              goOn(failure);
            }
          }}
        >
          <TextInput
            label="E-mail address"
            name="email"
            type="email"
            autoComplete="username"
            required
            withAsterisk={false}
          />
          <Password label="Password" name="password" autoComplete="current-password" />
        </AuthForm>
      )}
    </main>
  );
}
