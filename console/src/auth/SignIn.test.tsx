import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { openConsole } from '../test/render';
import { json, ME, serve } from '../test/server';

it('whoever was invited chooses a password of their own and is signed in', async () => {
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
  await user.type(screen.getByLabelText('The same again'), 'Longer than twelve');
  await user.click(screen.getByRole('button', { name: 'Set the password and sign in' }));
  expect(await screen.findByText('The two passwords differ.')).toBeVisible();
  expect(calls).toHaveLength(1);

  await user.type(screen.getByLabelText('The same again'), ' 1');
  await user.click(screen.getByRole('button', { name: 'Set the password and sign in' }));
  expect(await screen.findByRole('heading', { name: 'There is no page here' })).toBeVisible();
  expect(JSON.parse(calls[1]?.body ?? '')).toEqual({
    ClientId: 'client',
    ChallengeName: 'NEW_PASSWORD_REQUIRED',
    Session: 'proof',
    ChallengeResponses: { USERNAME: 'user-1', NEW_PASSWORD: 'Longer than twelve 1' },
  });
});

it('whoever took too long over the first password begins again, and is told why', async () => {
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
  await user.type(screen.getByLabelText('The same again'), 'Longer than twelve 1');
  await user.click(screen.getByRole('button', { name: 'Set the password and sign in' }));
  expect(await screen.findByRole('alert')).toHaveTextContent('Signing in took too long.');
  expect(screen.getByRole('heading', { name: 'Sign in' })).toBeVisible();
});
