import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeDeliveryRow } from '../../test/deliveries';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, ME, type Routes, serve } from '../../test/server';

const COUNTS = { counts: { SENT: 7, DEAD_LETTERED: 2 }, total: 9, isComplete: true };

function stack(routes: Routes = {}): Call[] {
  return serve({
    '/v1/me': () => json({ ...ME, role: 'MEMBER' }),
    '/v1/automations': () => json({ items: [], nextCursor: null }),
    '/v1/deliveries': () => json({ items: [makeDeliveryRow()], nextCursor: null }),
    '/v1/deliveries/counts': () => json(COUNTS),
    ...routes,
  });
}

function asked(calls: Call[]): URLSearchParams | undefined {
  return calls.findLast(({ url }) => url.pathname === '/v1/deliveries')?.url.searchParams;
}

describe('the delivery list', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('opens a delivery and comes back to the same filters', async () => {
    stack({ '/v1/deliveries/dlv_1': () => json({ detail: 'Gone' }, 404) });
    const { user } = openConsole('/delivery-ops?status=SENT&channel=EMAIL');
    await user.click(await screen.findByRole('link', { name: /^Thank you for order 1009/ }));
    await user.click(await screen.findByRole('link', { name: 'Delivery ops', current: false }));
    expect(window.location.search).toBe('?status=SENT&channel=EMAIL');
  });

  it('counts every status, using the other filters', async () => {
    const calls = stack();
    openConsole('/delivery-ops?status=SENT&channel=EMAIL');
    const chips = within(await screen.findByRole('radiogroup', { name: 'Status' }));
    await chips.findByRole('radio', { name: 'Dead-lettered 2' });
    expect(chips.getByRole('radio', { name: 'All 9' })).toBeVisible();
    const counted = calls.find(({ url }) => url.pathname === '/v1/deliveries/counts');
    expect(counted?.url.search).toBe('?channel=EMAIL&range=7d');
    expect(asked(calls)?.get('status')).toBe('SENT');
  });

  it('filters by why messages bounced', async () => {
    const row = makeDeliveryRow({ status: 'FAILED', bounce: 'MAILBOX_FULL' });
    const calls = stack({ '/v1/deliveries': () => json({ items: [row], nextCursor: null }) });
    const { user } = openConsole('/delivery-ops?errorKind=BOUNCED');
    const bounces = await screen.findByRole('combobox', { name: 'Bounces' });
    expect(bounces).toHaveDisplayValue('Every bounce');
    expect(screen.queryByRole('button', { name: /^Error/ })).toBeNull();
    await user.selectOptions(bounces, 'Mailbox full');
    expect(window.location.search).toBe('?bounce=MAILBOX_FULL');
    await waitFor(() => {
      expect(asked(calls)?.get('bounce')).toBe('MAILBOX_FULL');
    });
    const table = within(await screen.findByRole('table', { name: /^Deliveries/ }));
    expect(await table.findByText('Mailbox full')).toBeVisible();
    await user.selectOptions(bounces, 'Every bounce');
    expect(window.location.search).toBe('?errorKind=BOUNCED');
  });

  it('works without counts', async () => {
    stack({ '/v1/deliveries/counts': () => json({}, 404) });
    openConsole('/delivery-ops');
    expect(await screen.findByRole('radio', { name: 'Sent' })).toBeVisible();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('has a tab of dead-lettered deliveries, with buttons to resend them', async () => {
    const row = makeDeliveryRow({ status: 'DEAD_LETTERED', error: 'Mailbox full' });
    const calls = stack({ '/v1/deliveries': () => json({ items: [row], nextCursor: null }) });
    const { user } = openConsole('/delivery-ops?status=SENT');
    await user.click(await screen.findByRole('link', { name: 'Dead-lettered (2)' }));
    expect(window.location.search).toBe('?tab=dead-lettered');
    await user.click(await screen.findByRole('button', { name: /^Resend Thank you/ }));
    expect(await screen.findByRole('dialog')).toHaveTextContent('ada@customer.example');
    expect(asked(calls)?.get('status')).toBe('DEAD_LETTERED');
  });

  it('filters by address or by contact, and names it if nothing was found', async () => {
    const calls = stack({ '/v1/deliveries': () => json({ items: [], nextCursor: null }) });
    const { user } = openConsole('/delivery-ops?channel=EMAIL');
    const field = await screen.findByRole('searchbox', { name: 'Address or contact' });
    await user.type(field, ' Ada@Customer.example {Enter}');
    await screen.findByRole('heading', {
      name: 'No matching deliveries to Ada@Customer.example in the last 7 days',
    });
    expect(window.location.search).toBe('?channel=EMAIL&address=Ada%40Customer.example');
    expect(asked(calls)?.get('address')).toBe('Ada@Customer.example');
    const counted = calls.findLast(({ url }) => url.pathname === '/v1/deliveries/counts');
    expect(counted?.url.searchParams.get('address')).toBe('Ada@Customer.example');

    await user.clear(field);
    await user.type(field, 'con_1{Enter}');
    await screen.findByRole('heading', { name: 'No matching deliveries to con_1 in the last 7 days' });
    expect(window.location.search).toBe('?channel=EMAIL&contact=con_1');
    expect(asked(calls)?.has('address')).toBe(false);
    expect(asked(calls)?.get('contact')).toBe('con_1');
  });

  it('says how to see more if nothing matches', async () => {
    stack({ '/v1/deliveries': () => json({ items: [], nextCursor: null }) });
    const { user } = openConsole('/delivery-ops?runId=run_1&range=24h');
    await screen.findByRole('heading', { name: 'No matching deliveries in the last 24 hours' });
    await user.click(screen.getByRole('button', { name: 'Clear filters' }));
    expect(window.location.search).toBe('?range=24h');
    await screen.findByRole('heading', { name: 'No deliveries in the last 24 hours' });
  });
});
