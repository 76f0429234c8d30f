import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ConsentChange, Consents, Contact } from '../../shared/api/types';
import catalogue from '../../locales/en.po?raw';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, type Routes, serve } from '../../test/server';
import { consentText } from './describe';
import { allows, changeText, CHANNELS, consentsOf, draftsOf, withAll } from './consents';

const AT = '2026-03-01T10:00:00.000Z';
const CONSENTS: Consents = {
  marketing: true,
  transactional: true,
  channels: { SMS: { marketing: false, transactional: null } },
};
const ADA: Contact = {
  id: 'con_1',
  revision: 3,
  email: 'ada@customer.example',
  phone: null,
  firstName: 'Ada',
  lastName: 'Lovelace',
  externalIds: {},
  tags: [],
  consents: CONSENTS,
  metadata: {},
  createdAt: AT,
  updatedAt: AT,
};

function change(changes: Partial<ConsentChange>): ConsentChange {
  return {
    purpose: 'MARKETING',
    channel: null,
    isGiven: true,
    at: AT,
    origin: 'CONSOLE',
    by: 'admin@demo.example',
    detail: null,
    givenAt: null,
    ...changes,
  };
}

const CHANGES = [
  change({ channel: 'EMAIL', isGiven: false, origin: 'UNSUBSCRIBE', by: null, detail: 'dlv_7' }),
  change({ channel: 'SMS', isGiven: false, at: '2026-02-01T10:00:00.000Z' }),
  change({ origin: 'IMPORT', detail: 'imp_1', givenAt: '2025-05-17T00:00:00.000Z' }),
  change({ purpose: 'TRANSACTIONAL', origin: 'API' }),
];

function stack(changes: ConsentChange[], routes: Routes = {}) {
  return serve({
    '/v1/me': () => json({ ...ME, role: 'ADMIN' }),
    '/v1/contacts/con_1': () => json(ADA),
    '/v1/contacts/con_1/consents': () => json({ consents: CONSENTS, changes }),
    '/v1/contacts/con_1/timeline': () => json({ items: [], nextCursor: null }),
    ...routes,
  });
}

describe('the consents of the form', () => {
  it('are sent so that a second look changes nothing', () => {
    for (const all of [true, false]) {
      const given: Consents = { ...CONSENTS, marketing: all };
      for (const channel of CHANNELS) {
        for (const value of [true, false]) {
          const drafts = draftsOf(given);
          drafts.MARKETING = { ...drafts.MARKETING, [channel]: value };
          const sent = consentsOf(given, drafts);
          expect(sent.marketing).toBe(all);
          // Only what differs from the effect of `marketing` alone.
          const own = sent.channels?.[channel]?.marketing;
          const alone = all && channel !== 'SMS';
          expect(own).toBe(value === alone ? undefined : value);
        }
      }
    }
  });

  it('keep a withdrawal on a channel when the others are given', () => {
    const withdrawn: Consents = { ...CONSENTS, marketing: false };
    expect(withAll(withdrawn, 'MARKETING', true)).toEqual({
      ALL: true,
      EMAIL: true,
      SMS: false,
      WHATSAPP: true,
    });
    expect(Object.values(withAll(CONSENTS, 'MARKETING', false))).toEqual(Array(4).fill(false));
  });

  it('are sent again where they were given for one channel only', () => {
    const given: Consents = {
      marketing: false,
      transactional: true,
      channels: { EMAIL: { marketing: true, transactional: null } },
    };
    expect(allows(given, 'MARKETING', 'EMAIL')).toBe(true);
    expect(consentsOf(given, draftsOf(given)).channels).toEqual({ EMAIL: { marketing: true } });
  });

  it('are described in the list', () => {
    expect(consentText(ADA)).toBe('Differs by channel');
    const same = { ...ADA, consents: { ...CONSENTS, marketing: false } };
    expect(consentText(same)).toBe('Transactional only');
  });
});

describe('a change of a consent', () => {
  it.each([
    ['MARKETING', null, true, 'Marketing consent given for all channels'],
    ['MARKETING', null, false, 'Marketing consent withdrawn for all channels'],
    ['TRANSACTIONAL', null, true, 'Transactional consent given for all channels'],
    ['TRANSACTIONAL', null, false, 'Transactional consent withdrawn for all channels'],
    ['MARKETING', 'EMAIL', true, 'Marketing consent given for e-mail'],
    ['MARKETING', 'SMS', false, 'Marketing consent withdrawn for SMS'],
    ['TRANSACTIONAL', 'WHATSAPP', true, 'Transactional consent given for WhatsApp'],
    ['TRANSACTIONAL', 'EMAIL', false, 'Transactional consent withdrawn for e-mail'],
  ] as const)('is one message: %s, %s, %s', (purpose, channel, isGiven, words) => {
    expect(changeText(change({ purpose, channel, isGiven }))).toBe(words);
    if (channel === null) expect(catalogue).toContain(`msgid "${words}"`);
  });
});

describe('the consents of a contact', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('are shown by channel', async () => {
    stack([]);
    openConsole('/contacts/con_1');
    const section = within(await screen.findByRole('region', { name: 'Consents' }));
    expect(section.getByRole('row', { name: 'SMS Given Withdrawn' })).toBeVisible();
    expect(section.getByRole('row', { name: 'E-mail Given Given' })).toBeVisible();
    expect(await section.findByText('No changes are recorded.')).toBeVisible();
  });

  it('are withdrawn only if the record or the channel says so', async () => {
    const consents: Consents = { marketing: false, transactional: true, channels: {} };
    const withdrawn = [change({ isGiven: false })];
    for (const [changes, verdict] of [
      [[], 'Not given'],
      [withdrawn, 'Withdrawn'],
    ] as const) {
      stack([], { '/v1/contacts/con_1/consents': () => json({ consents, changes }) });
      const { view } = openConsole('/contacts/con_1');
      const row = await screen.findByRole('row', { name: `WhatsApp Given ${verdict}` });
      expect(row).toBeVisible();
      view.unmount();
    }
  });

  it('have a history of who changed what, and where', async () => {
    stack(CHANGES);
    const { user } = openConsole('/contacts/con_1');
    const list = await screen.findByRole('list', { name: 'Changes of consents, newest first' });
    const items = within(list).getAllByRole('listitem');
    expect(items).toHaveLength(3);
    expect(items[0]).toHaveTextContent('Marketing consent withdrawn for e-mail');
    expect(items[0]).toHaveTextContent('By the contact, with the link in a message');
    expect(within(list).getByRole('link', { name: 'The message' })).toHaveAttribute(
      'href',
      '/delivery-ops/dlv_7',
    );
    expect(items[1]).toHaveTextContent('In the console, by admin@demo.example');
    expect(items[2]).toHaveTextContent('By an import that admin@demo.example started');
    expect(items[2]).toHaveTextContent('imp_1');
    expect(items[2]).toHaveTextContent(/The contact gave this consent on .*2025/);
    await user.click(screen.getByRole('button', { name: 'Show all 4 changes' }));
    const last = await screen.findByText('Transactional consent given for all channels');
    expect(last).toBeVisible();
    expect(screen.queryByRole('button', { name: /^Show all/ })).toBeNull();
  });

  it('name an answer to an SMS', async () => {
    const answered = { channel: 'SMS', origin: 'MESSAGE', by: null, detail: 'dlv_8' } as const;
    stack([change({ ...answered, isGiven: true }), change({ ...answered, isGiven: false, at: '2026-02-01T10:00:00.000Z' })]);
    openConsole('/contacts/con_1');
    const list = await screen.findByRole('list', { name: 'Changes of consents, newest first' });
    const items = within(list).getAllByRole('listitem');
    expect(items[0]).toHaveTextContent('Marketing consent given for SMS');
    expect(items[1]).toHaveTextContent('Marketing consent withdrawn for SMS');
    for (const item of items) {
      expect(item).toHaveTextContent('By the contact, with an answer to an SMS');
      const cause = within(item).getByRole('link', { name: 'The message' });
      expect(cause).toHaveAttribute('href', '/delivery-ops/dlv_8');
    }
  });

  it('are changed for one channel', async () => {
    const calls = stack([]);
    const { user } = openConsole('/contacts/con_1/edit');
    const marketing = await screen.findByRole('checkbox', { name: 'Marketing messages' });
    const email = screen.getByRole('checkbox', { name: 'Marketing messages by E-mail' });
    const sms = screen.getByRole('checkbox', { name: 'Marketing messages by SMS' });
    expect(marketing).toBeChecked();
    expect(sms).not.toBeChecked();
    await user.click(marketing);
    expect(email).not.toBeChecked();
    await user.click(marketing);
    expect(email).toBeChecked();
    expect(sms).not.toBeChecked();
    await user.click(email);
    await user.click(screen.getByRole('button', { name: 'Save' }));
    await waitFor(() => {
      expect(window.location.pathname).toBe('/contacts/con_1');
    });
    const put = calls.find(({ method }) => method === 'PUT');
    const body: unknown = JSON.parse(put?.body ?? '');
    expect(body).toMatchObject({
      revision: 3,
      consents: {
        marketing: true,
        transactional: true,
        channels: { EMAIL: { marketing: false } },
      },
    });
  });
});
