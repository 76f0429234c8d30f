import { describe, expect, it, vi } from 'vitest';
import { CONFIG, rememberTokens } from '../../test/render';
import { json, serve } from '../../test/server';
import { OfflineError, SessionExpiredError } from '../api/problem';
import { SignInError } from './cognito';
import { createSession } from './session';

const GRANTED = { AuthenticationResult: { AccessToken: 'new', RefreshToken: 'r2', ExpiresIn: 3600 } };
const REFUSED = { __type: 'NotAuthorizedException', message: 'Incorrect username or password.' };

describe('signing in', () => {
  it('asks Cognito with the password flow and keeps the tokens in this tab only', async () => {
    const calls = serve({ '/cognito': () => json(GRANTED) });
    const session = createSession(CONFIG);
    await session.signIn(' A@Example.com', 'secret');

    expect(calls[0]?.headers.get('X-Amz-Target')).toBe(
      'AWSCognitoIdentityProviderService.InitiateAuth',
    );
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: 'client',
      AuthParameters: { USERNAME: 'a@example.com', PASSWORD: 'secret' },
    });
    expect(session.state()).toBe('signed-in');
    expect(await session.accessToken()).toBe('new');
    expect(JSON.stringify(window.sessionStorage)).not.toContain('secret');
    expect(window.localStorage).toHaveLength(0);
  });

  it('shows the same message for a wrong password and an unknown user', async () => {
    serve({ '/cognito': () => json(REFUSED, 400) });
    const wrong = createSession(CONFIG).signIn('a@example.com', 'x');
    await expect(wrong).rejects.toThrow('The e-mail address or the password is wrong.');
    serve({ '/cognito': () => json({ __type: 'com.amazonaws#UserNotFoundException' }, 400) });
    const unknown = createSession(CONFIG).signIn('b@example.com', 'x');
    await expect(unknown).rejects.toThrow('The e-mail address or the password is wrong.');
  });

  it('says that the password of an invitation has expired', async () => {
    const message = 'Temporary password has expired and must be reset by an administrator.';
    serve({ '/cognito': () => json({ ...REFUSED, message }, 400) });
    const attempt = createSession(CONFIG).signIn('a@example.com', 'x');
    await expect(attempt).rejects.toThrow('The password from your invitation has expired.');
  });

  it('names a step that it does not support', async () => {
    serve({ '/cognito': () => json({ ChallengeName: 'SMS_MFA', Session: 'proof' }) });
    const attempt = createSession(CONFIG).signIn('a@example.com', 'x');
    await expect(attempt).rejects.toThrow(SignInError);
    await expect(attempt).rejects.toThrow('SMS_MFA');
  });
});

it("the next user does not get the workspace of the last one", async () => {
  serve({ '/cognito': () => json(GRANTED) });
  const session = createSession(CONFIG);
  await session.signIn('a@example.com', 'secret');
  session.chooseWorkspace('ws_a');
  session.expire();
  await session.signIn('a@example.com', 'secret');
  expect(session.workspaceId()).toBe('ws_a');
  session.expire();
  await session.signIn('b@example.com', 'secret');
  expect(session.workspaceId()).toBeNull();
});

describe('signing out', () => {
  it('revokes the token at Cognito and clears the tab, including unsaved work', async () => {
    rememberTokens();
    sessionStorage.setItem('runledger.unsaved ws_1 a@example.com new', '{}');
    sessionStorage.setItem('other', 'stays');
    const calls = serve({ '/cognito': () => json({ __type: 'InvalidAction' }, 400) });
    const session = createSession(CONFIG);
    session.signOut();
    expect(session.state()).toBe('signed-out');
    expect(Object.keys(sessionStorage)).toEqual(['other']);
    await vi.waitFor(() => {
      expect(calls).toHaveLength(1);
    });
    expect(calls[0]?.headers.get('X-Amz-Target')).toMatch(/\.RevokeToken$/);
    expect(JSON.parse(calls[0]?.body ?? '')).toEqual({ ClientId: 'client', Token: 'refresh' });
  });
});

describe('renewing', () => {
  it('happens once for many requests, before the token expires', async () => {
    rememberTokens(30_000);
    const calls = serve({ '/cognito': () => json(GRANTED) });
    const session = createSession(CONFIG);
    const tokens = await Promise.all([session.accessToken(), session.accessToken()]);
    expect(tokens).toEqual(['new', 'new']);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.body).toContain('REFRESH_TOKEN_AUTH');
  });

  it('that Cognito refuses ends the session', async () => {
    rememberTokens(0);
    serve({ '/cognito': () => json(REFUSED, 400) });
    const session = createSession(CONFIG);
    await expect(session.accessToken()).rejects.toThrow(SessionExpiredError);
    expect(session.state()).toBe('expired');
    expect(sessionStorage.getItem('runledger.tokens')).toBeNull();
  });

  it('that gets no answer keeps the session', async () => {
    rememberTokens(0);
    serve({});
    const session = createSession(CONFIG);
    await expect(session.accessToken()).rejects.toThrow(OfflineError);
    expect(session.state()).toBe('signed-in');
  });

  it('does not sign a user in again who signed out meanwhile', async () => {
    rememberTokens(0);
    serve({ '/cognito': () => json(GRANTED) });
    const session = createSession(CONFIG);
    const renewal = session.accessToken();
    session.signOut();
    await expect(renewal).rejects.toThrow(SessionExpiredError);
    expect(session.state()).toBe('signed-out');
    expect(sessionStorage.getItem('runledger.tokens')).toBeNull();
  });
});
