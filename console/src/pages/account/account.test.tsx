import { screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Me } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { formatZone } from '../../shared/ui/format';
import { applySetting, BROWSER_SETTING, readSetting } from '../../shared/ui/locale';
import { json, ME, serve } from '../../test/server';

const INVITATION = {
  id: 'inv_1',
  workspaceName: 'Acme',
  role: 'ADMIN',
  invitedBy: 'owner@acme.example',
  expiresAt: '2026-03-08T10:00:00.000Z',
} as const;
const NOWHERE: Me = { ...ME, workspaces: [], workspaceId: null, role: null };

beforeEach(() => {
  rememberTokens();
});

afterEach(() => {
  window.localStorage.clear();
  applySetting(BROWSER_SETTING);
});

it('a user without a workspace accepts an invitation and joins', async () => {
  let me: Me = { ...NOWHERE, invitations: [INVITATION] };
  const joined = { id: 'ws_acme', name: 'Acme', role: 'ADMIN', requireMfa: false } as const;
  const calls = serve({
    '/v1/me': () => json(me),
    '/v1/invitations/inv_1/accept': () => {
      me = { ...ME, workspaces: [joined], workspaceId: 'ws_acme', role: 'ADMIN' };
      return json(joined);
    },
  });
  const { user, session } = openConsole('/nowhere');
  expect(await screen.findByRole('heading', { name: /not in a workspace yet/ })).toBeVisible();
  await user.click(await screen.findByRole('button', { name: 'Accept the invitation to Acme' }));
  await waitFor(() => {
    expect(screen.queryByRole('heading', { name: /not in a workspace yet/ })).toBeNull();
  });
  expect(session.workspaceId()).toBe('ws_acme');
  expect(window.location.pathname).toBe('/runs');
  await waitFor(() => {
    expect(calls.at(-1)?.headers.get('X-Workspace-Id')).toBe('ws_acme');
  });
});

it('a user without a workspace or invitation sees what to do', async () => {
  serve({ '/v1/me': () => json(NOWHERE) });
  openConsole('/nowhere');
  expect(await screen.findByText(/to invite owner@demo.example/)).toBeVisible();
});

it('an invitation is shown beside a workspace, and can be declined', async () => {
  let me: Me = { ...ME, invitations: [INVITATION] };
  serve({
    '/v1/me': () => json(me),
    '/v1/invitations/inv_1/decline': () => {
      me = ME;
      return new Response(null, { status: 204 });
    },
  });
  const { user } = openConsole('/nowhere');
  await user.click(await screen.findByRole('link', { name: 'See your invitations' }));
  const list = within(await screen.findByRole('list', { name: 'Your invitations' }));
  await user.click(list.getByRole('button', { name: 'Decline the invitation to Acme' }));
  await waitFor(() => {
    expect(screen.queryByText('Acme', { exact: false })).toBeNull();
  });
});

it('a second factor is switched on with a code, and the key can be typed', async () => {
  let me: Me = ME;
  const calls = serve({
    '/v1/me': () => json(me),
    '/cognito': ({ headers }) => {
      const action = headers.get('X-Amz-Target')?.split('.').at(-1);
      if (action === 'AssociateSoftwareToken') return json({ SecretCode: 'ABCDEFGHIJ' });
      if (action === 'SetUserMFAPreference') me = { ...ME, mfa: true };
      return json({ Status: 'SUCCESS' });
    },
  });
  const { user } = openConsole('/account');
  await user.click(await screen.findByRole('button', { name: 'Set up' }));
  expect(await screen.findByRole('img', { name: /QR code/ })).toBeVisible();
  expect(screen.getByText('ABCD EFGH IJ')).toBeVisible();
  await user.type(screen.getByLabelText('Code from the app'), '123456');
  await user.click(screen.getByRole('button', { name: 'Switch on' }));
  expect(await screen.findByRole('button', { name: 'Switch off' })).toBeVisible();
  const asked = calls.filter(({ url }) => url.pathname === '/cognito');
  expect(asked.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
    { AccessToken: 'access' },
    { AccessToken: 'access', UserCode: '123456' },
    {
      AccessToken: 'access',
      SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: true },
    },
  ]);
});

it('a workspace that requires a second factor says where to switch it on', async () => {
  const workspaces = ME.workspaces.map((each) => ({ ...each, requireMfa: true }));
  serve({ '/v1/me': () => json({ ...ME, workspaces }) });
  const { user } = openConsole('/nowhere');
  expect(await screen.findByRole('heading', { name: /requires a second factor/ })).toBeVisible();
  await user.click(screen.getByRole('link', { name: 'Your account' }));
  expect(await screen.findByRole('button', { name: 'Set up' })).toBeVisible();
});

it('a chosen format and time zone apply at once, and the browser keeps them', async () => {
  serve({ '/v1/me': () => json(ME) });
  const { user } = openConsole('/account');
  const format = await screen.findByLabelText('Format');
  expect(within(format).getByRole('option', { name: 'Same as the browser: English (United States)' })).toBeVisible();
  await user.selectOptions(format, 'German (Germany)');
  await user.selectOptions(screen.getByLabelText('Time zone'), 'Asia/Kathmandu');
  expect(screen.getByText(/^Example: .*GMT\+5:45 · 1\.234,5$/)).toBeVisible();
  expect(formatZone(0)).toMatch(/^Asia\/Kathmandu/);
  await user.selectOptions(screen.getByLabelText('Clock'), '12 hours, AM and PM');
  expect(readSetting()).toEqual({
    language: null,
    format: 'de-DE',
    zone: 'Asia/Kathmandu',
    clock: '12',
  });
  await user.selectOptions(screen.getByLabelText('Format'), '');
  expect(readSetting().format).toBeNull();
});

it('signing out everywhere also signs out here', async () => {
  const calls = serve({
    '/v1/me': () => json(ME),
    '/v1/me/sign-out-everywhere': () => new Response(null, { status: 204 }),
    '/cognito': () => json({}),
  });
  const { user, session } = openConsole('/account');
  await user.click(await screen.findByRole('button', { name: 'Sign out everywhere' }));
  await user.click(await screen.findByRole('button', { name: 'End all sessions' }));
  expect(await screen.findByRole('heading', { name: 'Sign in' })).toBeVisible();
  expect(session.state()).toBe('signed-out');
  expect(calls.some(({ url }) => url.pathname === '/v1/me/sign-out-everywhere')).toBe(true);
});

it('a user who left the chosen workspace sees their first one', async () => {
  sessionStorage.setItem('runledger.workspace', 'ws_left');
  const calls = serve({
    '/v1/me': ({ headers }) =>
      headers.get('X-Workspace-Id') === 'ws_left'
        ? json({ title: 'Not found', detail: 'there is no workspace ws_left' }, 404)
        : json(ME),
  });
  const { session } = openConsole('/nowhere');
  expect(await screen.findByText('Demo')).toBeVisible();
  await waitFor(() => {
    expect(session.workspaceId()).toBe('ws_1');
  });
  expect(calls.filter(({ url }) => url.pathname === '/v1/me')).toHaveLength(2);
});
