import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Invitation, Role } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, ME, type Routes, serve } from '../../test/server';

const AT = '2026-03-01T10:00:00.000Z';
const SECRET = { name: 'SCORE_KEY', allowedHosts: [] as string[], updatedAt: AT, lastUsedAt: null };
const MEMBERS = [
  { userId: 'usr_1', email: 'owner@demo.example', role: 'OWNER', joinedAt: AT },
  { userId: 'usr_2', email: 'ada@demo.example', role: 'MEMBER', joinedAt: AT },
];

const INVITATION: Invitation = {
  id: 'inv_1',
  email: 'new@demo.example',
  role: 'VIEWER',
  status: 'PENDING',
  invitedBy: 'owner@demo.example',
  invitedAt: AT,
  sentAt: AT,
  expiresAt: '2026-03-08T10:00:00.000Z',
};

function stack(routes: Routes = {}, role: Role = 'OWNER'): Call[] {
  return serve({
    '/v1/me': () => json({ ...ME, role }),
    '/v1/secrets': () => json({ items: [SECRET], nextCursor: null }),
    '/v1/members': () => json({ items: MEMBERS, nextCursor: null }),
    '/v1/invitations': () => json({ items: [INVITATION], nextCursor: null }),
    '/v1/settings': () => json({ name: 'Demo', retentionDays: 90, requireMfa: false }),
    ...routes,
  });
}

function sent(calls: Call[], method: string): [string, unknown][] {
  return calls
    .filter((call) => call.method === method)
    .map(({ url, body }) => [url.pathname, body === '' ? null : JSON.parse(body)]);
}

describe('settings', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('show only what the role allows', async () => {
    stack({}, 'MEMBER');
    openConsole('/settings?tab=members');
    const tabs = within(await screen.findByRole('navigation', { name: 'Settings' }));
    const links = await tabs.findAllByRole('link');
    expect(links.map((link) => link.textContent)).toEqual(['Secrets']);
    await screen.findByText('SCORE_KEY');
    expect(screen.queryByRole('button', { name: 'New secret' })).toBeNull();
    expect(screen.queryByRole('button', { name: /SCORE_KEY/ })).toBeNull();
  });

  it('replace a secret, whose value is never shown', async () => {
    const calls = stack({ '/v1/secrets/SCORE_KEY': () => json(SECRET) }, 'ADMIN');
    const { user } = openConsole('/settings');
    await user.click(await screen.findByRole('button', { name: 'Replace SCORE_KEY' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Replace SCORE_KEY' }));
    const value = dialog.getByLabelText('Value');
    expect(value).toHaveValue('');
    await user.type(value, 'a-new-value');
    await user.click(dialog.getByRole('button', { name: 'Save secret' }));
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    expect(sent(calls, 'PUT')).toEqual([['/v1/secrets/SCORE_KEY', { value: 'a-new-value' }]]);
  });

  it('show a problem of a new secret at its field', async () => {
    const problem = { title: 'Invalid input', detail: 'upper case letters only', field: 'name' };
    stack({ '/v1/secrets/key': () => json(problem, 422) });
    const { user } = openConsole('/settings?tab=secrets');
    await user.click(await screen.findByRole('button', { name: 'New secret' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'New secret' }));
    const name = dialog.getByRole('textbox', { name: 'Name' });
    await user.type(name, 'key');
    await user.type(dialog.getByLabelText('Value'), 'a-value');
    await user.click(dialog.getByRole('button', { name: 'Save secret' }));
    await waitFor(() => {
      expect(name).toHaveAccessibleDescription(/Upper case letters only/);
    });
    expect(name).toHaveFocus();
  });

  it('change the allowed hosts of a secret, and not its value', async () => {
    const bound = { ...SECRET, allowedHosts: ['api.partner.example'] };
    const calls = stack(
      {
        '/v1/secrets': () => json({ items: [bound], nextCursor: null }),
        '/v1/secrets/SCORE_KEY': () => json(bound),
      },
      'ADMIN',
    );
    const { user } = openConsole('/settings?tab=secrets');
    expect(await screen.findByText(/Allowed hosts: api\.partner\.example/)).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Allowed hosts of SCORE_KEY' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Allowed hosts of SCORE_KEY' }));
    const field = dialog.getByLabelText('Allowed hosts');
    expect(field).toHaveValue('api.partner.example');
    await user.type(field, '\n*.other.example');
    await user.click(dialog.getByRole('button', { name: 'Save hosts' }));
    await waitFor(() => {
      const change = { allowedHosts: ['api.partner.example', '*.other.example'] };
      expect(sent(calls, 'PUT')).toEqual([['/v1/secrets/SCORE_KEY', change]]);
    });
  });

  it('show at the field which host is not valid', async () => {
    const problem = { title: 'Invalid', status: 422, detail: 'no host', field: 'allowedHosts' };
    stack({ '/v1/secrets/SCORE_KEY': () => json(problem, 422) }, 'ADMIN');
    const { user } = openConsole('/settings?tab=secrets');
    await user.click(await screen.findByRole('button', { name: 'Allowed hosts of SCORE_KEY' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Allowed hosts of SCORE_KEY' }));
    await user.type(dialog.getByLabelText('Allowed hosts'), 'https://x');
    await user.click(dialog.getByRole('button', { name: 'Save hosts' }));
    expect(await dialog.findByText(/no host/i)).toBeInTheDocument();
  });

  it('delete a secret once it was confirmed', async () => {
    const gone = () => new Response(null, { status: 204 });
    const calls = stack({ '/v1/secrets/SCORE_KEY': gone });
    const { user } = openConsole('/settings?tab=secrets');
    await user.click(await screen.findByRole('button', { name: 'Delete SCORE_KEY' }));
    expect(sent(calls, 'DELETE')).toEqual([]);
    await user.click(await screen.findByRole('button', { name: 'Delete secret' }));
    await waitFor(() => {
      expect(sent(calls, 'DELETE')).toEqual([['/v1/secrets/SCORE_KEY', null]]);
    });
  });

  it('change roles, and say why the last owner stays', async () => {
    const refused = { title: 'Conflict', detail: 'the last owner stays one' };
    const calls = stack({
      '/v1/members/usr_1': () => json(refused, 409),
      '/v1/members/usr_2': () => json({ ...MEMBERS[1], role: 'ADMIN' }),
    });
    const { user } = openConsole('/settings?tab=members');
    const list = within(await screen.findByRole('list', { name: 'Members' }));
    const [own, other] = [
      list.getByRole('combobox', { name: 'Role of owner@demo.example' }),
      list.getByRole('combobox', { name: 'Role of ada@demo.example' }),
    ];
    await user.selectOptions(other, 'ADMIN');
    await user.selectOptions(own, 'VIEWER');
    const question = within(await screen.findByRole('dialog', { name: 'Change your own role to Viewer?' }));
    expect(sent(calls, 'PUT')).toHaveLength(1);
    await user.click(question.getByRole('button', { name: 'Change role' }));
    await question.findByText('the last owner stays one');
    expect(own).toHaveValue('OWNER');
    await user.click(question.getByRole('button', { name: 'Cancel' }));
    expect(sent(calls, 'PUT')[0]).toEqual(['/v1/members/usr_2', { role: 'ADMIN' }]);
  });

  it('invite, resend and withdraw, and say when no e-mail was sent', async () => {
    const gone = () => new Response(null, { status: 204 });
    const calls = stack({
      '/v1/invitations': ({ method }) =>
        method === 'POST'
          ? json({ ...INVITATION, email: 'bob@demo.example', mailed: false }, 201)
          : json({ items: [INVITATION], nextCursor: null }),
      '/v1/invitations/inv_1/resend': () => json({ ...INVITATION, mailed: true }),
      '/v1/invitations/inv_1': gone,
    });
    const { user } = openConsole('/settings?tab=members');
    const list = within(await screen.findByRole('list', { name: 'Invitations' }));
    await user.click(list.getByRole('button', { name: /^Resend the invitation to new@demo/ }));
    expect(await screen.findByText('Invitation sent to new@demo.example')).toBeVisible();

    const form = within(screen.getByRole('form', { name: 'Invite a member' }));
    await user.type(form.getByRole('textbox', { name: 'E-mail address' }), 'bob@demo.example');
    await user.click(form.getByRole('button', { name: 'Send invitation' }));
    expect(await screen.findByRole('alert')).toHaveTextContent(
      'bob@demo.example is invited, but no e-mail was sent',
    );

    await user.click(list.getByRole('button', { name: /^Withdraw the invitation to new@demo/ }));
    expect(sent(calls, 'DELETE')).toEqual([]);
    await user.click(await screen.findByRole('button', { name: 'Withdraw invitation' }));
    await waitFor(() => {
      expect(sent(calls, 'DELETE')).toEqual([['/v1/invitations/inv_1', null]]);
    });
    expect(sent(calls, 'POST')).toEqual([
      ['/v1/invitations/inv_1/resend', null],
      ['/v1/invitations', { email: 'bob@demo.example', role: 'MEMBER' }],
    ]);
  });

  it('say so when the user cannot be loaded', async () => {
    let isAway = true;
    stack({ '/v1/me': () => (isAway ? json({ title: 'Internal error' }, 500) : json(ME)) });
    const { user } = openConsole('/settings?tab=members');
    const main = within(screen.getByRole('main'));
    const again = await main.findByRole('button', { name: 'Try again' });
    expect(main.queryByRole('navigation')).toBeNull();
    isAway = false;
    await user.click(again);
    expect(await main.findByRole('list', { name: 'Members' })).toBeVisible();
  });

  it("follow a change of the own role", async () => {
    let role: Role = 'OWNER';
    stack({
      '/v1/me': () => json({ ...ME, role }),
      '/v1/members/usr_1': () => {
        role = 'VIEWER';
        return json({ ...MEMBERS[0], role });
      },
    });
    const { user } = openConsole('/settings?tab=members');
    const own = await screen.findByRole('combobox', { name: 'Role of owner@demo.example' });
    await user.selectOptions(own, 'VIEWER');
    await user.click(await screen.findByRole('button', { name: 'Change role' }));
    expect(await screen.findByText('SCORE_KEY')).toBeVisible();
    expect(screen.queryByRole('link', { name: 'Members' })).toBeNull();
  });

  it('save a name and a retention', async () => {
    const calls = stack();
    const { user } = openConsole('/settings');
    const days = await screen.findByRole('spinbutton', { name: 'Retention (days)' });
    await user.clear(days);
    await user.type(days, '30');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await screen.findByText('Saved');
    const kept = { name: 'Demo', retentionDays: 30, requireMfa: false };
    expect(sent(calls, 'PUT')).toEqual([['/v1/settings', kept]]);
  });

  it('require a second factor, and say why an owner without one may not', async () => {
    const detail = 'switch on a second factor for your own account first';
    const calls = stack({
      '/v1/settings': ({ method }) =>
        method === 'PUT'
          ? json({ title: 'Conflict', detail, state: 'NO_MFA' }, 409)
          : json({ name: 'Demo', retentionDays: 90, requireMfa: false }),
    });
    const { user } = openConsole('/settings');
    const asked = { name: 'Require a second factor' };
    await user.click(await screen.findByRole('checkbox', asked));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(await screen.findByText(detail)).toBeVisible();
    expect(sent(calls, 'PUT')).toEqual([
      ['/v1/settings', { name: 'Demo', retentionDays: 90, requireMfa: true }],
    ]);
  });
});
