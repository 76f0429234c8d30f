import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Contact, Role } from '../../shared/api/types';
import { makeDeliveryRow } from '../../test/deliveries';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, makeRun, ME, type Routes, serve } from '../../test/server';

const ADA: Contact = {
  id: 'con_1',
  revision: 3,
  email: 'ada@customer.example',
  phone: null,
  firstName: 'Ada',
  lastName: 'Lovelace',
  externalIds: { stripe: 'cus_7' },
  tags: ['vip'],
  consents: { marketing: false, transactional: true, channels: {} },
  metadata: { plan: 'pro' },
  createdAt: '2026-03-01T10:00:00.000Z',
  updatedAt: '2026-03-01T10:00:00.000Z',
};
const AT = '2026-03-01T10:00:00.000Z';

function stack(routes: Routes = {}, role: Role = 'ADMIN'): Call[] {
  return serve({
    '/v1/me': () => json({ ...ME, role }),
    '/v1/contacts': ({ url, method }) => {
      if (method === 'POST') return json(ADA, 201);
      const items = url.searchParams.get('contact') === 'nobody@x.example' ? [] : [ADA];
      return json({ items, nextCursor: null });
    },
    '/v1/contacts/con_1': () => json(ADA),
    '/v1/contacts/con_1/consents': () => json({ consents: ADA.consents, changes: [] }),
    '/v1/contacts/con_1/timeline': () => json({ items: [], nextCursor: null }),
    ...routes,
  });
}

function sent(calls: Call[], method: string): unknown {
  const call = calls.find((one) => one.method === method);
  return call && JSON.parse(call.body);
}

describe('contacts', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('are found by pasted text, which the URL keeps', async () => {
    const calls = stack();
    const { user } = openConsole('/contacts');
    const search = await screen.findByRole('searchbox', { name: 'Contact' });
    await user.type(search, 'nobody@x.example{Enter}');
    await screen.findByRole('heading', { name: 'No contact found for nobody@x.example' });
    expect(window.location.search).toBe('?contact=nobody%40x.example');
    await user.click(screen.getByRole('button', { name: 'Show all contacts' }));
    expect(await screen.findByRole('link', { name: /^Ada Lovelace/ })).toBeVisible();
    expect(calls.some(({ url }) => url.searchParams.get('contact') !== null)).toBe(true);
  });

  it('are exported, all of them, whatever the page shows', async () => {
    const asked = { id: 'exp_1', status: 'RUNNING', rows: 0, url: null, error: null };
    const calls = stack({ '/v1/exports': () => json(asked, 201), '/v1/exports/exp_1': () => json(asked) });
    const { user } = openConsole('/contacts?contact=nobody%40x.example');
    await user.click(await screen.findByRole('button', { name: 'Export all…' }));
    const dialog = await screen.findByRole('dialog', { name: 'Export contacts' });
    expect(await within(dialog).findByText('All contacts of the workspace, as a file.')).toBeVisible();
    await user.click(within(dialog).getByRole('button', { name: 'Export' }));
    await within(dialog).findByText(/^Exporting…/);
    expect(sent(calls, 'POST')).toEqual({
      list: 'CONTACTS',
      format: 'CSV',
      idempotencyKey: expect.any(String) as string,
      filter: { status: [], reason: [], triggerType: [], health: [] },
    });
  });

  it('are created, and problems from the API are shown at their fields', async () => {
    const problem = {
      title: 'Invalid input',
      detail: 'phone: …',
      problems: [{ field: 'phone', message: 'Value error, not a possible phone number' }],
    };
    const calls = stack({ '/v1/contacts': () => json(problem, 422) });
    const { user } = openConsole('/contacts/new');
    const phone = await screen.findByRole('textbox', { name: 'Phone' });
    await user.type(phone, '12');
    await user.type(screen.getByRole('combobox', { name: 'Tags' }), 'vip{Enter}');
    await user.click(screen.getByRole('checkbox', { name: 'Marketing messages' }));
    await user.click(screen.getByRole('button', { name: 'Create contact' }));
    await waitFor(() => {
      expect(phone).toHaveAccessibleDescription('Not a possible phone number');
    });
    expect(phone).toHaveFocus();
    expect(screen.queryByRole('alert')).toBeNull();
    expect(sent(calls, 'POST')).toEqual({
      email: null,
      phone: '12',
      firstName: null,
      lastName: null,
      externalIds: {},
      tags: ['vip'],
      consents: { marketing: true, transactional: true, channels: {} },
      metadata: {},
    });
  });

  it('are not sent with invalid JSON as metadata', async () => {
    const calls = stack();
    const { user } = openConsole('/contacts/con_1/edit');
    const metadata = await screen.findByRole('textbox', { name: 'Metadata' });
    await user.clear(metadata);
    await user.type(metadata, 'plan: pro');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    expect(metadata).toHaveFocus();
    expect(metadata).toBeInvalid();
    expect(sent(calls, 'PUT')).toBeUndefined();
  });

  it('are changed as a whole', async () => {
    const calls = stack();
    const { user } = openConsole('/contacts/con_1/edit');
    await user.type(await screen.findByRole('textbox', { name: 'First name' }), ' B.');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => {
      expect(window.location.pathname).toBe('/contacts/con_1');
    });
    const { id, createdAt, updatedAt, ...document } = ADA;
    expect([id, createdAt, updatedAt]).toHaveLength(3);
    expect(sent(calls, 'PUT')).toEqual({ ...document, firstName: 'Ada B.' });
  });

  it('show their external ids and change them', async () => {
    const taken = { title: 'Conflict', detail: 'this shop id is taken', field: 'externalIds.shop' };
    let isTaken = true;
    const calls = stack({
      '/v1/contacts/con_1': ({ method }) =>
        method === 'PUT' && isTaken ? json(taken, 409) : json(ADA),
    });
    const { user } = openConsole('/contacts/con_1');
    expect(await screen.findByText('External id stripe')).toBeVisible();
    expect(screen.getByText('cus_7')).toBeVisible();
    await user.click(screen.getByRole('link', { name: 'Edit' }));
    expect(await screen.findByRole('textbox', { name: 'External id 1' })).toHaveValue('cus_7');
    await user.click(screen.getByRole('button', { name: 'Add an external id' }));
    await user.type(screen.getByRole('textbox', { name: 'External id 2' }), ' 7 ');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    const name = screen.getByRole('textbox', { name: 'System of external id 2' });
    expect(name).toHaveAccessibleDescription('Name the system.');
    expect(sent(calls, 'PUT')).toBeUndefined();
    await user.type(name, 'stripe');
    expect(name).toHaveAccessibleDescription('The id of this system is already entered above.');
    await user.clear(name);
    await user.type(name, 'shop');
    await user.click(screen.getByRole('button', { name: 'Save' }));
    const value = screen.getByRole('textbox', { name: 'External id 2' });
    await waitFor(() => {
      expect(value).toHaveAccessibleDescription('This shop id is taken');
    });
    expect(screen.queryByRole('alert')).toBeNull();
    expect(sent(calls, 'PUT')).toMatchObject({ externalIds: { stripe: 'cus_7', shop: '7' } });
    isTaken = false;
    await user.click(screen.getByRole('button', { name: 'Remove external id 1' }));
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => {
      expect(window.location.pathname).toBe('/contacts/con_1');
    });
    const last = calls.findLast(({ method }) => method === 'PUT');
    expect(JSON.parse(last?.body ?? '')).toMatchObject({ externalIds: { shop: '7' } });
  });

  it('show the activity of a contact with links', async () => {
    const items = [
      { kind: 'DELIVERY', at: AT, run: null, delivery: makeDeliveryRow(), refusal: null },
      { kind: 'RUN', at: AT, run: makeRun(), delivery: null, refusal: null },
    ];
    stack({ '/v1/contacts/con_1/timeline': () => json({ items, nextCursor: null }) });
    openConsole('/contacts/con_1');
    const list = within(await screen.findByRole('list', { name: /^Activity/ }));
    expect(list.getByRole('link', { name: 'Thank you for order 1009' })).toHaveAttribute(
      'href',
      '/delivery-ops/dlv_1',
    );
    expect(list.getByRole('link', { name: 'Order paid ran' })).toHaveAttribute(
      'href',
      '/runs/run_1',
    );
  });

  it('are erased only after confirmation, and are gone then', async () => {
    let isErased = false;
    const calls = stack({
      '/v1/contacts/con_1': () =>
        isErased ? json({ title: 'Gone', detail: 'It is being erased.' }, 410) : json(ADA),
      '/v1/contacts/con_1/erase': () => {
        isErased = true;
        return json({ contactId: 'con_1', status: 'ERASING' }, 202);
      },
    });
    const { user } = openConsole('/contacts/con_1');
    await user.click(await screen.findByRole('button', { name: 'Erase…' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Erase Ada Lovelace?' }));
    expect(dialog.getByText(/Open runs for the contact are canceled/)).toBeVisible();
    expect(dialog.getByRole('button', { name: 'Erase' })).toBeDisabled();
    await user.click(dialog.getByRole('checkbox', { name: 'Erase this contact permanently' }));
    await user.click(dialog.getByRole('button', { name: 'Erase' }));
    await screen.findByRole('heading', { name: 'This contact was erased' });
    expect(sent(calls, 'POST')).toEqual({ reason: null });
  });

  it('are shown to a member without a way to change them', async () => {
    stack({}, 'MEMBER');
    openConsole('/contacts/con_1');
    await screen.findByRole('heading', { name: 'Ada Lovelace' });
    await screen.findByText('Member');
    expect(screen.queryByRole('link', { name: 'Edit' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Erase…' })).toBeNull();
  });
});
