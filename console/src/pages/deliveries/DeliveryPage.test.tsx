import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../shared/api/types';
import { makeDelivery } from '../../test/deliveries';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, ME, serve } from '../../test/server';

const RESEND = '/v1/deliveries/dlv_1/resend';

function stack(delivery = makeDelivery(), role: Role = 'MEMBER', resent = json({}, 503)): Call[] {
  return serve({
    '/v1/me': () => json({ ...ME, role }),
    '/v1/deliveries/dlv_1': () => json(delivery),
    '/v1/deliveries/dlv_9': () => json({ detail: 'No such delivery.' }, 404),
    [RESEND]: () => resent.clone(),
  });
}

describe('one delivery', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('leads to its step in its run, its contact and its template', async () => {
    stack();
    openConsole('/delivery-ops/dlv_1');
    const step = await screen.findByRole('link', { name: 'receipt in run_1' });
    expect(step).toHaveAttribute('href', '/runs/run_1?step=receipt');
    const contact = screen.getByRole('link', { name: 'ada@customer.example' });
    expect(contact).toHaveAttribute('href', '/contacts/con_1');
    expect(screen.getByRole('link', { name: 'Order receipt' })).toHaveAttribute(
      'href',
      '/templates/tpl_1',
    );
  });

  it('shows the message as text', async () => {
    stack(makeDelivery({ body: '<img src=x onerror=alert(1)>' }));
    const { view } = openConsole('/delivery-ops/dlv_1');
    const body = await screen.findByRole('region', { name: 'Message body' });
    expect(body).toHaveTextContent('<img src=x onerror=alert(1)>');
    expect(view.container.querySelector('img[src="x"]')).toBeNull();
  });

  it('says which gate blocked it', async () => {
    const gates = [
      { name: 'consent', passed: true, reason: 'was given' },
      { name: 'suppression', passed: false, reason: 'on the suppression list' },
    ];
    stack(makeDelivery({ status: 'SUPPRESSED', gates, triesLog: [] }));
    openConsole('/delivery-ops/dlv_1');
    const why = await screen.findByRole('region', { name: 'Reason' });
    expect(why).toHaveTextContent('blocked by the suppression gate');
    expect(screen.getByRole('region', { name: 'Gates' })).toHaveTextContent('Blocked');
  });

  it('names channels in its gates as people do', async () => {
    const gates = [
      { name: 'address', passed: true, reason: 'a valid address for WHATSAPP' },
      { name: 'consent', passed: false, reason: 'marketing consent was not given for WHATSAPP' },
    ];
    const settledAt = '2026-03-01T10:00:05Z';
    stack(makeDelivery({ status: 'SUPPRESSED', settledAt, gates, triesLog: [] }));
    openConsole('/delivery-ops/dlv_1');
    const why = await screen.findByRole('region', { name: 'Reason' });
    expect(why).toHaveTextContent('marketing consent was not given for WhatsApp');
    expect(screen.getByRole('region', { name: 'Gates' })).toHaveTextContent('a valid address for WhatsApp');
    expect(screen.queryByText(/for WHATSAPP/)).toBeNull();
  });

  it('is resent under one key, even if the answer was lost', async () => {
    const calls = stack();
    const { user } = openConsole('/delivery-ops/dlv_1');
    await user.click(await screen.findByRole('button', { name: 'Resend' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.queryByRole('checkbox')).toBeNull();
    await user.click(dialog.getByRole('button', { name: 'Resend' }));
    await dialog.findByRole('alert');
    await user.click(dialog.getByRole('button', { name: 'Resend' }));
    await dialog.findByRole('alert');
    const keys = calls
      .filter(({ url }) => url.pathname === RESEND)
      .map(({ body }) => JSON.parse(body) as { idempotencyKey: string; force: boolean });
    expect(keys).toHaveLength(2);
    expect(keys[0]?.force).toBe(false);
    expect(keys[0]?.idempotencyKey).toBe(keys[1]?.idempotencyKey);
  });

  it('lets an admin overrule gates, and links to the new delivery', async () => {
    const resent = json({ deliveryId: 'dlv_2', status: 'QUEUED', duplicate: false }, 202);
    const calls = stack(makeDelivery(), 'ADMIN', resent);
    const { user } = openConsole('/delivery-ops/dlv_1');
    await user.click(await screen.findByRole('button', { name: 'Resend' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.click(dialog.getByRole('checkbox', { name: 'Overrule gates' }));
    await user.click(dialog.getByRole('button', { name: 'Resend' }));
    const link = await dialog.findByRole('link', { name: 'Open the new delivery' });
    expect(link).toHaveAttribute('href', '/delivery-ops/dlv_2');
    const sent = calls.find(({ url }) => url.pathname === RESEND);
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ force: true });
  });

  it.each([
    ['to a viewer', makeDelivery(), 'VIEWER'],
    ['while it is under way', makeDelivery({ status: 'RETRYING' }), 'OWNER'],
    ['without its text', makeDelivery({ body: null }), 'OWNER'],
  ] as const)('offers no resend %s', async (_, delivery, role) => {
    stack(delivery, role);
    openConsole('/delivery-ops/dlv_1');
    await screen.findByRole('heading', { name: 'Thank you for order 1009' });
    await screen.findByText(role === 'VIEWER' ? 'Viewer' : 'Owner');
    expect(screen.queryByRole('button', { name: 'Resend' })).toBeNull();
  });

  it('says that a delivery does not exist', async () => {
    stack();
    openConsole('/delivery-ops/dlv_9');
    await screen.findByRole('heading', { name: 'Delivery not found' });
  });
});
