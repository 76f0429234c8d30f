import { t } from '@lingui/core/macro';
import { Anchor } from '@mantine/core';
import { useState } from 'react';
import { CodeRequired, NewPasswordRequired, SignInError, TOO_LATE } from '../shared/auth/cognito';
import { useServices, useSessionState } from '../shared/auth/services';
import { Notice } from '../shared/ui/ErrorNotice';
import { OneTimeCodeInput } from '../shared/ui/OneTimeCodeInput';
import { AuthForm, chosenPassword, Email, NewPassword, Password, textOf } from './AuthForm';
import { ForgottenPassword } from './ForgottenPassword';
import classes from './SignIn.module.css';

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
      title={t`Choose your password`}
      action={t`Set the password and sign in`}
      notice={
        <Notice title={t`Welcome to Runledger`}>
          {t`The password from your invitation works only once.`}
        </Notice>
      }
      onSubmit={async (form) => {
        const chosen = chosenPassword(form);
        try {
          await session.choosePassword(required, chosen);
        } catch (failure) {
          onFailure(failure);
        }
      }}
    >
      <NewPassword />
    </AuthForm>
  );
}

/** Asks for the code of the second factor. */
function Code({ required, onFailure }: StepProps<CodeRequired>) {
  const { session } = useServices();
  return (
    <AuthForm
      title={t`Enter your code`}
      action={t`Sign in`}
      onSubmit={async (form) => {
        try {
          await session.answerCode(required, textOf(form, 'code').replaceAll(' ', ''));
        } catch (failure) {
          onFailure(failure);
        }
      }}
    >
      <OneTimeCodeInput label={t`Code from your authenticator app`} />
    </AuthForm>
  );
}

/** Replaces every page while nobody is signed in. */
export default function SignIn() {
  const { session } = useServices();
  const expired = useSessionState() === 'expired';
  const [step, setStep] = useState<Step | null>(null);
  const [tooLate, setTooLate] = useState<SignInError | null>(null);
  /** The address of somebody who has forgotten their password. */
  const [forgetful, setForgetful] = useState<string | null>(null);

  function goOn(failure: unknown) {
    if (failure instanceof NewPasswordRequired || failure instanceof CodeRequired) {
      setStep(failure);
    } else if (failure instanceof SignInError && failure.code === TOO_LATE) {
      setTooLate(failure);
      setStep(null);
      setForgetful(null);
    } else {
      throw failure;
    }
  }

  return (
    <main className={classes.page}>
      <title>{t`Sign in · Runledger`}</title>
      {step instanceof NewPasswordRequired ? (
        <FirstPassword required={step} onFailure={goOn} />
      ) : step ? (
        <Code required={step} onFailure={goOn} />
      ) : forgetful !== null ? (
        <ForgottenPassword
          email={forgetful}
          onBack={() => {
            setForgetful(null);
          }}
          onFailure={goOn}
        />
      ) : (
        <AuthForm
          title={t`Sign in`}
          action={t`Sign in`}
          notice={
            tooLate ? (
              <Notice tone="bad" title={tooLate.message}>
                {t`Sign in again with the same password as before.`}
              </Notice>
            ) : (
              expired && (
                <Notice title={t`Your session has ended`}>
                  {t`Sign in to continue where you were.`}
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
          others={
            <Anchor
              component="button"
              type="button"
              onClick={(event) => {
                const { form } = event.currentTarget;
                setForgetful(form ? textOf(new FormData(form), 'email').trim() : '');
              }}
            >
              {t`Forgot password?`}
            </Anchor>
          }
        >
          <Email />
          <Password label={t`Password`} name="password" autoComplete="current-password" />
        </AuthForm>
      )}
    </main>
  );
}
