import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Role, Suppression } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, ME, type Routes, serve } from '../../test/server';

const BOUNCED: Suppression = {
  address: 'ada@customer.example',
  kind: 'EMAIL',
  reason: 'BOUNCE',
  note: null,
  deliveryId: 'dlv_1',
  createdBy: null,
  createdAt: '2026-03-01T10:00:00.000Z',
};
const COMPLAINED: Suppression = {
  ...BOUNCED,
  address: '+491707319731',
  kind: 'PHONE',
  reason: 'COMPLAINT',
  note: 'Called us',
};
const ERASED: Suppression = { ...BOUNCED, address: null, deliveryId: 'dlv_2' };

function stack(role: Role = 'ADMIN', routes: Routes = {}): Call[] {
  return serve({
    '/v1/me': () => json({ ...ME, role }),
    '/v1/suppressions': ({ method }) =>
      method === 'GET'
        ? json({ items: [COMPLAINED, BOUNCED, ERASED], nextCursor: null })
        : json(BOUNCED, 201),
    ...routes,
  });
}

describe('the suppressed addresses', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('have a reason, a channel and a time, and lead to their messages', async () => {
    stack('VIEWER');
    openConsole('/suppressions');
    const link = await screen.findByRole('link', { name: 'Messages to ada@customer.example' });
    expect(link.getAttribute('href')).toContain('address=ada%40customer.example');
    const row = within(link.closest('tr') ?? document.body);
    expect(row.getByRole('link', { name: 'A message bounced' })).toHaveAttribute(
      'href',
      '/delivery-ops/dlv_1',
    );
    expect(row.getByText('E-mail')).toBeInTheDocument();
    expect(screen.getByText('An erased contact')).toBeInTheDocument();
    // A viewer changes nothing.
    expect(screen.queryByRole('button', { name: /^(Remove|Suppress)/ })).toBeNull();
  });

  it('are filtered by reason and address', async () => {
    const calls = stack();
    const { user } = openConsole('/suppressions');
    await user.click(await screen.findByRole('radio', { name: /^Complaint/ }));
    expect(window.location.search).toBe('?reason=COMPLAINT');
    await user.type(screen.getByRole('searchbox', { name: 'Address' }), 'ada@customer.example{Enter}');
    await waitFor(() => {
      const asked = calls.findLast(({ url }) => url.pathname === '/v1/suppressions')?.url;
      expect(asked?.searchParams.get('reason')).toBe('COMPLAINT');
      expect(asked?.searchParams.get('address')).toBe('ada@customer.example');
    });
  });

  it('are added with a note', async () => {
    const calls = stack();
    const { user } = openConsole('/suppressions');
    await user.click(await screen.findByRole('button', { name: 'Suppress an address…' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByRole('textbox', { name: /^E-mail/ }), ' bob@customer.example');
    await user.type(dialog.getByRole('textbox', { name: 'Note' }), 'Asked by phone');
    await user.click(dialog.getByRole('button', { name: 'Suppress address' }));
    await waitFor(() => {
      const sent = calls.find(({ method }) => method === 'POST');
      expect(JSON.parse(sent?.body ?? '{}')).toEqual({
        address: 'bob@customer.example',
        note: 'Asked by phone',
      });
    });
  });

  it('are removed only after a warning that fits the reason', async () => {
    const calls = stack('ADMIN', {
      '/v1/suppressions/%2B491707319731': () => new Response(null, { status: 204 }),
    });
    const { user } = openConsole('/suppressions');
    await user.click(await screen.findByRole('button', { name: 'Remove +491707319731' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByText(/only if the person asked you/)).toBeInTheDocument();
    expect(dialog.getByText('Note: Called us')).toBeInTheDocument();
    await user.click(dialog.getByRole('button', { name: 'Remove from the list' }));
    await waitFor(() => {
      expect(calls.some(({ method }) => method === 'DELETE')).toBe(true);
    });
    // An erased address is unknown here, so nobody can remove it.
    expect(screen.queryByRole('button', { name: /^Remove null/ })).toBeNull();
  });
});
