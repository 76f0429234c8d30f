import { t } from '@lingui/core/macro';
import { Anchor } from '@mantine/core';
import { useState } from 'react';
import { useServices } from '../shared/auth/services';
import { Notice } from '../shared/ui/ErrorNotice';
import { OneTimeCodeInput } from '../shared/ui/OneTimeCodeInput';
import { AuthForm, chosenPassword, Email, NewPassword, textOf } from './AuthForm';

interface Props {
  /** What was typed into the sign-in form. */
  email: string;
  onBack: () => void;
  /** Raises the error to show; goes to the next step if Cognito asks for one. */
  onFailure: (failure: unknown) => void;
}

/** Mails a code to the user, who then chooses a new password with it and is signed in. */
export function ForgottenPassword({ email, onBack, onFailure }: Props) {
  const { session } = useServices();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const back = (
    <Anchor component="button" type="button" onClick={onBack}>
      {t`Back to signing in`}
    </Anchor>
  );

  if (sentTo === null) {
    return (
      <AuthForm
        key="address"
        title={t`Reset your password`}
        action={t`Send a code`}
        onSubmit={async (form) => {
          const address = textOf(form, 'email').trim();
          await session.sendResetCode(address);
          setSentTo(address);
        }}
        others={back}
      >
        <p>{t`We send a code to your e-mail address. Use the code to choose a new password.`}</p>
        <Email defaultValue={email} />
      </AuthForm>
    );
  }
  return (
    <AuthForm
      key="code"
      title={t`Choose a new password`}
      action={t`Set the password and sign in`}
      notice={
        // The same for every address: nobody learns here who has an account.
        <Notice title={t`Check your e-mail`}>
          {t`If ${sentTo} has an account, a code is on its way. It is valid for an hour.`}
        </Notice>
      }
      onSubmit={async (form) => {
        const chosen = chosenPassword(form);
        try {
          await session.resetPassword(sentTo, textOf(form, 'code').replaceAll(' ', ''), chosen);
        } catch (failure) {
          onFailure(failure);
        }
      }}
      others={
        <>
          <Anchor
            component="button"
            type="button"
            onClick={() => {
              setSentTo(null);
            }}
          >
            {t`Send another code`}
          </Anchor>
          {back}
        </>
      }
    >
      <OneTimeCodeInput label={t`Code from the e-mail`} />
      <NewPassword />
    </AuthForm>
  );
}
