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
