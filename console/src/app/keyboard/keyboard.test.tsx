import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { openConsole, rememberTokens } from '../../test/render';
import { json, makeRun, ME, type Routes, serve } from '../../test/server';

const NONE = () => json({ items: [], nextCursor: null });
const NOT_THERE = () => json({ detail: 'No' }, 404);
const FOUND = {
  type: 'RUN',
  id: 'run_7',
  title: 'Order paid',
  subtitle: 'orderId A-1001',
  href: '/runs/run_7',
};

const CONTACT = {
  revision: 1,
  phone: null,
  firstName: null,
  lastName: null,
  externalIds: {},
  tags: [],
  consents: { marketing: false, transactional: true },
  metadata: {},
  createdAt: '2026-03-01T10:00:00.000Z',
  updatedAt: '2026-03-01T10:00:00.000Z',
};

function open(address: string, routes: Routes = {}) {
  const runs = [makeRun({ id: 'run_1' }), makeRun({ id: 'run_2' })];
  const calls = serve({
    '/v1/me': () => json(ME),
    '/v1/automations': NONE,
    '/v1/automations/activity': NONE,
    '/v1/views': NONE,
    '/v1/failure-groups': NONE,
    '/v1/runs': () => json({ items: runs, nextCursor: null }),
    '/v1/runs/counts': NOT_THERE,
    '/v1/runs/stats': NOT_THERE,
    '/v1/runs/run_7': NOT_THERE,
    '/v1/contacts': NONE,
    '/v1/search': () => json({ items: [FOUND] }),
    ...routes,
  });
  return { calls, ...openConsole(address) };
}

function palette() {
  return screen.findByRole('combobox', { name: 'Search records, pages and actions' });
}

async function firstRow() {
  const [, row] = await screen.findAllByRole('row');
  if (!row) throw new Error('The list has no rows.');
  return row;
}

describe('the palette', () => {
  beforeEach(() => {
    rememberTokens();
    window.localStorage.clear();
  });

  it('opens a page with Ctrl+K, a few letters and Enter', async () => {
    const { user } = open('/runs');
    await firstRow();
    await user.keyboard('{Control>}k{/Control}');
    const field = await palette();
    await waitFor(() => { expect(field).toHaveFocus(); });
    await user.type(field, 'templ');
    const option = await screen.findByRole('option', { name: 'Templates' });
    expect(field).toHaveAttribute('aria-activedescendant', option.id);
    await user.keyboard('{Enter}');
    expect(window.location.pathname).toBe('/templates');
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('finds an order number; the first result needs no more than Enter', async () => {
    const { user, calls } = open('/runs');
    await firstRow();
    await user.keyboard('/');
    await user.type(await palette(), 'A-1001');
    const option = await screen.findByRole('option', { name: /Order paid/ });
    expect(option).toHaveTextContent('orderId A-1001');
    expect(option).toHaveAttribute('aria-selected', 'true');
    await user.keyboard('{Enter}');
    expect(window.location.pathname).toBe('/runs/run_7');
    const asked = calls.filter(({ url }) => url.pathname === '/v1/search');
    expect(asked.at(-1)?.url.searchParams.get('q')).toBe('A-1001');
  });

  it('offers what was found last, in this workspace, until the user signs out', async () => {
    const { user, session } = open('/contacts');
    await user.click(await screen.findByRole('button', { name: 'Search records, pages and actions' }));
    await user.type(await palette(), 'A-1001');
    await user.click(await screen.findByRole('option', { name: /Order paid/ }));
    await user.keyboard('{Control>}k{/Control}');
    const recent = within(await screen.findByRole('group', { name: 'Recent finds' }));
    expect(recent.getByRole('option', { name: /Order paid/ })).toBeVisible();
    const kept = () => Object.keys(sessionStorage).filter((key) => key.includes('recent'));
    expect(kept()).toEqual(['runledger.recent.owner@demo.example.ws_1']);
    session.signOut();
    expect(kept()).toEqual([]);
  });

  it('moves through the options with the arrows, and from the last to the first', async () => {
    const { user } = open('/contacts');
    await user.click(await screen.findByRole('button', { name: 'Search records, pages and actions' }));
    await palette();
    const options = await screen.findAllByRole('option');
    const selected = () =>
      screen
        .getAllByRole('option')
        .findIndex((each) => each.getAttribute('aria-selected') === 'true');
    expect(selected()).toBe(0);
    await user.keyboard('{ArrowUp}');
    expect(selected()).toBe(options.length - 1);
    await user.keyboard('{ArrowDown}{ArrowDown}');
    expect(selected()).toBe(1);
  });

  it('offers actions that the role allows', async () => {
    const { user } = open('/contacts', { '/v1/me': () => json({ ...ME, role: 'VIEWER' }) });
    await user.click(await screen.findByRole('button', { name: 'Search records, pages and actions' }));
    await user.type(await palette(), 'new');
    expect(await screen.findByRole('option', { name: /Order paid/ })).toBeVisible();
    expect(screen.queryByRole('option', { name: 'New contact' })).toBeNull();
    await user.clear(await palette());
    expect(await screen.findByRole('option', { name: 'Sign out' })).toBeVisible();
    expect(screen.queryByRole('option', { name: 'Export runs…' })).toBeNull();
  });

  it('says why the search failed', async () => {
    const { user } = open('/contacts', { '/v1/search': () => json({ detail: 'Down' }, 503) });
    await user.click(await screen.findByRole('button', { name: 'Search records, pages and actions' }));
    await user.type(await palette(), 'A-1001');
    expect(await screen.findByRole('alert')).toHaveTextContent('The search failed.');
  });
});

describe('single keys', () => {
  beforeEach(() => {
    rememberTokens();
    window.localStorage.clear();
  });

  it('move in a list, and open and expand its rows', async () => {
    const { user } = open('/contacts', {
      '/v1/contacts': () =>
        json({
          items: [
            { ...CONTACT, id: 'con_1', email: 'ada@example.com' },
            { ...CONTACT, id: 'con_2', email: 'grace@example.com' },
          ],
          nextCursor: null,
        }),
      '/v1/contacts/con_2': NOT_THERE,
    });
    await firstRow();
    const place = () => document.activeElement?.closest<HTMLElement>('[data-row]')?.dataset.row;
    await user.keyboard('j');
    expect(place()).toBe('con_1');
    await user.keyboard('j');
    expect(place()).toBe('con_2');
    await user.keyboard('j');
    expect(place()).toBe('con_2');
    await user.keyboard('kj');
    expect(place()).toBe('con_2');
    await user.keyboard('o');
    expect(window.location.pathname).toBe('/contacts/con_2');
  });

  it('expand the row of a run', async () => {
    const { user } = open('/runs', { '/v1/runs/run_1': NOT_THERE });
    const row = await firstRow();
    await user.keyboard('jx');
    expect(within(row).getByRole('button', { expanded: true })).toBeVisible();
    await user.keyboard('x');
    expect(within(row).queryByRole('button', { expanded: true })).toBeNull();
  });

  it('are listed by ?, and are text while someone types', async () => {
    const { user } = open('/contacts');
    await user.type(await screen.findByRole('searchbox', { name: 'Contact' }), '/?jk');
    expect(screen.queryByRole('dialog')).toBeNull();
    (document.activeElement as HTMLElement).blur();
    await user.keyboard('?');
    const dialog = await screen.findByRole('dialog', { name: 'Keyboard shortcuts' });
    expect(within(dialog).getByRole('row', { name: /Next row of the list/ })).toBeVisible();
  });

  it('can be switched off on the account’s page; Ctrl+K still works', async () => {
    const { user } = open('/account');
    await user.click(await screen.findByRole('checkbox', { name: 'Use single keys as shortcuts' }));
    (document.activeElement as HTMLElement).blur();
    await user.keyboard('?/');
    expect(screen.queryByRole('dialog')).toBeNull();
    await user.keyboard('{Control>}k{/Control}');
    expect(await palette()).toBeVisible();
    expect(window.localStorage.getItem('runledger.singleKeys')).toBe('off');
  });
});

it('a link leads from the top of the page to the first row', async () => {
  rememberTokens();
  const { user } = open('/runs');
  const row = await firstRow();
  const skip = await screen.findByRole('button', { name: 'Skip to the first row' });
  await user.tab();
  await user.tab();
  expect(skip).toHaveFocus();
  await user.keyboard('{Enter}');
  expect(within(row).getAllByRole('link')).toContain(document.activeElement);
});
