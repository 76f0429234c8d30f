import { screen } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { openConsole } from '../test/render';
import { json, ME, serve } from '../test/server';

it('an invited person chooses their own password and is signed in', async () => {
  const calls = serve({
    '/cognito': ({ headers }) =>
      headers.get('X-Amz-Target')?.endsWith('RespondToAuthChallenge')
        ? json({ AuthenticationResult: { AccessToken: 'a', RefreshToken: 'r', ExpiresIn: 3600 } })
        : json({
            ChallengeName: 'NEW_PASSWORD_REQUIRED',
            ChallengeParameters: { USER_ID_FOR_SRP: 'user-1' },
            Session: 'proof',
          }),
    '/v1/me': () => json(ME),
  });
  const { user } = openConsole('/nowhere');
  await screen.findByLabelText('E-mail address');
  await user.type(screen.getByLabelText('E-mail address'), 'new@demo.example');
  await user.type(screen.getByLabelText('Password'), 'temporary');
  await user.click(screen.getByRole('button', { name: 'Sign in' }));

  await user.type(await screen.findByLabelText('New password'), 'Longer than twelve 1');
  await user.type(screen.getByLabelText('Repeat the password'), 'Longer than twelve');
  await user.click(screen.getByRole('button', { name: 'Set the password and sign in' }));
  expect(await screen.findByText('The passwords do not match.')).toBeVisible();
  expect(calls).toHaveLength(1);

  await user.type(screen.getByLabelText('Repeat the password'), ' 1');
  await user.click(screen.getByRole('button', { name: 'Set the password and sign in' }));
  expect(await screen.findByRole('heading', { name: 'Page not found' })).toBeVisible();
  expect(JSON.parse(calls[1]?.body ?? '')).toEqual({
    ClientId: 'client',
    ChallengeName: 'NEW_PASSWORD_REQUIRED',
    Session: 'proof',
    ChallengeResponses: { USERNAME: 'user-1', NEW_PASSWORD: 'Longer than twelve 1' },
  });
});

it('choosing the first password too late starts the sign-in again and says why', async () => {
  serve({
    '/cognito': ({ headers }) =>
      headers.get('X-Amz-Target')?.endsWith('RespondToAuthChallenge')
        ? json({ __type: 'NotAuthorizedException', message: 'Invalid session for the user.' }, 400)
        : json({ ChallengeName: 'NEW_PASSWORD_REQUIRED', Session: 'proof' }),
  });
  const { user } = openConsole('/nowhere');
  await screen.findByLabelText('E-mail address');
  await user.type(screen.getByLabelText('E-mail address'), 'new@demo.example');
  await user.type(screen.getByLabelText('Password'), 'temporary');
  await user.click(screen.getByRole('button', { name: 'Sign in' }));
  await user.type(await screen.findByLabelText('New password'), 'Longer than twelve 1');
  await user.type(screen.getByLabelText('Repeat the password'), 'Longer than twelve 1');
  await user.click(screen.getByRole('button', { name: 'Set the password and sign in' }));
  expect(await screen.findByRole('alert')).toHaveTextContent('Signing in took too long.');
  expect(screen.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});

describe('a second factor', () => {
  const ASKED = {
    ChallengeName: 'SOFTWARE_TOKEN_MFA',
    ChallengeParameters: { USER_ID_FOR_SRP: 'user-1' },
    Session: 'proof',
  };

  async function signIn(answers: Response[]) {
    const calls = serve({
      '/cognito': ({ headers }) =>
        headers.get('X-Amz-Target')?.endsWith('RespondToAuthChallenge')
          ? (answers.shift() ?? json({}, 500))
          : json(ASKED),
      '/v1/me': () => json(ME),
    });
    const { user } = openConsole('/nowhere');
    await screen.findByLabelText('E-mail address');
    await user.type(screen.getByLabelText('E-mail address'), 'ada@demo.example');
    await user.type(screen.getByLabelText('Password'), 'a password');
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    const code = await screen.findByLabelText('Code from your authenticator app');
    await user.type(code, '123 456');
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    return { user, calls, code };
  }

  it('is asked for after the password, and again if it was wrong', async () => {
    const { user, calls, code } = await signIn([
      json({ __type: 'CodeMismatchException' }, 400),
      json({ AuthenticationResult: { AccessToken: 'a', RefreshToken: 'r', ExpiresIn: 3600 } }),
    ]);
    expect(await screen.findByRole('alert')).toHaveTextContent('The code is wrong.');
    await user.clear(code);
    await user.type(code, '654321');
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(await screen.findByRole('heading', { name: 'Page not found' })).toBeVisible();
    expect(calls[1]?.body).toContain('"SOFTWARE_TOKEN_MFA_CODE":"123456"');
    expect(JSON.parse(calls[2]?.body ?? '')).toEqual({
      ClientId: 'client',
      ChallengeName: 'SOFTWARE_TOKEN_MFA',
      Session: 'proof',
      ChallengeResponses: { USERNAME: 'user-1', SOFTWARE_TOKEN_MFA_CODE: '654321' },
    });
  });

  it('that comes too late starts with the password again', async () => {
    await signIn([json({ __type: 'NotAuthorizedException', message: 'Invalid session' }, 400)]);
    expect(await screen.findByRole('alert')).toHaveTextContent('Signing in took too long.');
    expect(screen.getByLabelText('Password')).toBeVisible();
  });
});

describe('a forgotten password', () => {
  const GRANTED = {
    AuthenticationResult: { AccessToken: 'a', RefreshToken: 'r', ExpiresIn: 3600 },
  };
  type Answers = Partial<Record<string, Response[]>>;

  async function forget(answers: Answers) {
    const calls = serve({
      '/cognito': ({ headers }) => {
        const action = headers.get('X-Amz-Target')?.split('.').at(-1) ?? '';
        return answers[action]?.shift() ?? json({}, 500);
      },
      '/v1/me': () => json(ME),
    });
    const { user } = openConsole('/nowhere');
    await screen.findByLabelText('E-mail address');
    await user.type(screen.getByLabelText('E-mail address'), 'Ada@demo.example ');
    await user.click(screen.getByRole('button', { name: 'Forgot password?' }));
    expect(screen.getByLabelText('E-mail address')).toHaveValue('Ada@demo.example');
    await user.click(screen.getByRole('button', { name: 'Send a code' }));
    return { user, calls };
  }

  async function choose(user: Awaited<ReturnType<typeof forget>>['user'], code: string) {
    const field = await screen.findByLabelText('Code from the e-mail');
    await user.clear(field);
    await user.type(field, code);
    await user.click(screen.getByRole('button', { name: 'Set the password and sign in' }));
  }

  it('is replaced with the code of the mail', async () => {
    const { user, calls } = await forget({
      ForgotPassword: [json({ CodeDeliveryDetails: {} })],
      ConfirmForgotPassword: [json({ __type: 'CodeMismatchException' }, 400), json({})],
      InitiateAuth: [json(GRANTED)],
    });
    expect(await screen.findByText(/If Ada@demo.example has an account/)).toBeVisible();
    await user.type(screen.getByLabelText('New password'), 'Longer than twelve 1');
    await user.type(screen.getByLabelText('Repeat the password'), 'Longer than twelve');
    await choose(user, '1');
    expect(await screen.findByText('The passwords do not match.')).toBeVisible();
    expect(calls).toHaveLength(1);
    await user.type(screen.getByLabelText('Repeat the password'), ' 1');
    await choose(user, '111111');
    expect(await screen.findByText(/The code is wrong/)).toBeVisible();
    await choose(user, '123 456');
    expect(await screen.findByRole('heading', { name: 'Page not found' })).toBeVisible();
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual({
      ClientId: 'client',
      Username: 'ada@demo.example',
    });
    expect(JSON.parse(calls[2]?.body ?? '')).toEqual({
      ClientId: 'client',
      Username: 'ada@demo.example',
      ConfirmationCode: '123456',
      Password: 'Longer than twelve 1',
    });
  });

  it('is followed by the code of a second factor', async () => {
    const { user } = await forget({
      ForgotPassword: [json({})],
      ConfirmForgotPassword: [json({})],
      InitiateAuth: [json({ ChallengeName: 'SOFTWARE_TOKEN_MFA', Session: 'proof' })],
      RespondToAuthChallenge: [json(GRANTED)],
    });
    await user.type(await screen.findByLabelText('New password'), 'Longer than twelve 1');
    await user.type(screen.getByLabelText('Repeat the password'), 'Longer than twelve 1');
    await choose(user, '123456');
    await user.type(await screen.findByLabelText('Code from your authenticator app'), '654321');
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(await screen.findByRole('heading', { name: 'Page not found' })).toBeVisible();
  });

  it('can be asked for again, or left', async () => {
    const { user, calls } = await forget({ ForgotPassword: [json({}), json({})] });
    await user.click(await screen.findByRole('button', { name: 'Send another code' }));
    await user.click(await screen.findByRole('button', { name: 'Send a code' }));
    await user.click(await screen.findByRole('button', { name: 'Back to signing in' }));
    expect(screen.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    expect(calls).toHaveLength(2);
  });

  it.each([
    [
      'NotAuthorizedException',
      'User password cannot be reset in the current state.',
      'You have not chosen a password yet.',
    ],
    ['NotAuthorizedException', 'User is disabled.', 'The password of this address cannot be reset.'],
    [
      'InvalidParameterException',
      'Cannot reset password for the user as there is no registered/verified email',
      'The password of this address cannot be reset.',
    ],
    [
      'LimitExceededException',
      'Attempt limit exceeded, please try after some time.',
      'Too many attempts.',
    ],
    ['CodeDeliveryFailureException', 'no', 'The password cannot be reset right now.'],
    ['UserLambdaValidationException', 'no', 'The password cannot be reset right now.'],
  ])('is not reset after %s: %s', async (code, message, shown) => {
    await forget({ ForgotPassword: [json({ __type: code, message }, 400)] });
    expect(await screen.findByRole('alert')).toHaveTextContent(shown);
    expect(screen.getByRole('heading', { name: 'Reset your password' })).toBeVisible();
  });
});
