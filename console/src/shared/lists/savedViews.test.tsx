import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, ME, type Routes, serve } from '../../test/server';
import type { Role, SavedView, ViewFilter } from '../api/types';
import { viewFilter } from './savedViews';

function makeFilter(changes: Partial<ViewFilter> = {}): ViewFilter {
  return { status: [], reason: [], triggerType: [], health: [], ...changes };
}

function makeView(changes: Partial<SavedView> = {}): SavedView {
  return {
    id: 'view_1',
    revision: 5,
    list: 'REFUSALS',
    name: 'Duplicates',
    filter: makeFilter({ reason: ['DUPLICATE'], range: '30d' }),
    shared: false,
    isOwn: true,
    isDefault: false,
    mayChange: true,
    createdBy: 'owner@demo.example',
    createdAt: '2026-03-01T10:00:00.000Z',
    updatedAt: '2026-03-01T10:00:00.000Z',
    ...changes,
  };
}

function stack(views: SavedView[], routes: Routes = {}, role: Role = 'OWNER'): Call[] {
  return serve({
    '/v1/me': () => json({ ...ME, role, workspaces: [{ id: 'ws_1', name: 'Demo', role }] }),
    '/v1/automations': () => json({ items: [], nextCursor: null }),
    '/v1/refusals': () => json({ items: [], nextCursor: null }),
    '/v1/refusals/counts': () => json({ counts: {}, total: 0, isComplete: true }),
    '/v1/deliveries': () => json({ items: [], nextCursor: null }),
    '/v1/deliveries/counts': () => json({ counts: {}, total: 0, isComplete: true }),
    '/v1/views': ({ method }) =>
      method === 'GET' ? json({ items: views, nextCursor: null }) : json(makeView(), 201),
    ...routes,
  });
}

function sent(calls: Call[], method: string): { path: string; body: unknown } | undefined {
  const call = calls.findLast((each) => each.method === method);
  return call && { path: call.url.pathname, body: JSON.parse(call.body || 'null') as unknown };
}

it('filters that are not set are empty in the document of a view', () => {
  expect(viewFilter({ status: ['FAILED'], contact: null, search: '' })).toEqual({
    status: ['FAILED'],
    reason: [],
    triggerType: [],
    health: [],
    contact: null,
    search: null,
  });
});

describe('the views of a list', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('are saved with one click, a name and Enter', async () => {
    const calls = stack([]);
    const { user } = openConsole('/refusals?reason=NO_CONTACT&range=24h');
    await user.click(await screen.findByRole('button', { name: 'Views' }));
    const name = await screen.findByRole('textbox', { name: 'Save the current filters as' });
    await waitFor(() => {
      expect(name).toHaveFocus();
    });
    await user.keyboard('Lost today{Enter}');
    await waitFor(() => {
      expect(sent(calls, 'POST')?.path).toBe('/v1/views');
    });
    expect(sent(calls, 'POST')?.body).toMatchObject({
      list: 'REFUSALS',
      name: 'Lost today',
      shared: false,
      filter: { reason: ['NO_CONTACT'], range: '24h', contact: null },
    });
    await waitFor(() => {
      expect(screen.queryByRole('textbox', { name: /^Save the current/ })).toBeNull();
    });
  });

  it('set the address when they are chosen, and the button names the one that is shown', async () => {
    stack([makeView(), makeView({ id: 'view_2', name: 'Ours', shared: true, isOwn: false })]);
    const { user } = openConsole('/refusals?contact=con_1');
    await user.click(await screen.findByRole('button', { name: 'Views' }));
    const list = within(await screen.findByRole('list', { name: 'Saved views of refused events' }));
    await waitFor(() => {
      expect(list.getByText('Shared by owner@demo.example')).toBeVisible();
    });
    await user.click(list.getByRole('link', { name: 'Duplicates' }));
    expect(window.location.search).toBe('?reason=DUPLICATE&range=30d');
    await screen.findByRole('button', { name: 'View: Duplicates' });
  });

  it('open the list with the default, unless the address has filters', async () => {
    stack([makeView({ isDefault: true })]);
    const { user, view } = openConsole('/refusals');
    await waitFor(() => {
      expect(window.location.search).toBe('?reason=DUPLICATE&range=30d');
    });
    // Without filters the list is still reachable.
    await user.click(await screen.findByRole('button', { name: 'View: Duplicates' }));
    await user.click(await screen.findByRole('link', { name: 'Show refused events without filters' }));
    expect(window.location.search).toBe('');
    await screen.findByRole('button', { name: 'Views' });
    expect(window.location.search).toBe('');
    view.unmount();
    openConsole('/refusals?range=24h');
    await screen.findByRole('button', { name: 'Views' });
    expect(window.location.search).toBe('?range=24h');
  });

  it('of dead-lettered deliveries open their tab', async () => {
    const filter = makeFilter({ status: ['DEAD_LETTERED'], range: '7d' });
    stack([makeView({ list: 'DELIVERIES', name: 'Dead', filter })]);
    const { user } = openConsole('/delivery-ops?channel=SMS');
    await user.click(await screen.findByRole('button', { name: 'Views' }));
    await user.click(await screen.findByRole('link', { name: 'Dead' }));
    expect(window.location.search).toBe('?tab=dead-lettered');
  });

  it('of failures keep all states apart from the open ones, which the list shows at first', async () => {
    const all = makeView({ list: 'FAILURES', name: 'All', filter: makeFilter({ order: 'count' }) });
    stack([all], { '/v1/failure-groups': () => json({ items: [], nextCursor: null, isComplete: true }) });
    const { user } = openConsole('/failures?range=30d');
    await user.click(await screen.findByRole('button', { name: 'Views' }));
    await user.click(await screen.findByRole('link', { name: 'All' }));
    expect(new URLSearchParams(window.location.search).get('status')).toBe('ALL');
    expect(new URLSearchParams(window.location.search).get('order')).toBe('count');
  });

  it('become and cease to be the default', async () => {
    const calls = stack([makeView()], { '/v1/views/view_1/default': () => json(makeView()) });
    const { user } = openConsole('/refusals?range=24h');
    await user.click(await screen.findByRole('button', { name: 'Views' }));
    const star = await screen.findByRole('button', { name: 'Make Duplicates your default for this list' });
    expect(star).toHaveAttribute('aria-pressed', 'false');
    await user.click(star);
    await waitFor(() => {
      expect(sent(calls, 'PUT')?.path).toBe('/v1/views/view_1/default');
    });
  });

  it('are renamed, updated and shared in one dialog', async () => {
    const calls = stack([makeView()], { '/v1/views/view_1': () => json(makeView()) });
    const { user } = openConsole('/refusals?reason=INACTIVE');
    await user.click(await screen.findByRole('button', { name: 'Views' }));
    await user.click(await screen.findByRole('button', { name: 'Edit Duplicates' }));
    const dialog = within(await screen.findByRole('dialog', { name: 'Edit Duplicates' }));
    const name = dialog.getByRole('textbox', { name: 'Name' });
    await user.clear(name);
    await user.type(name, 'Inactive');
    await user.click(dialog.getByRole('checkbox', { name: /^Replace its filters/ }));
    await user.click(dialog.getByRole('checkbox', { name: /^Share with the workspace/ }));
    await user.click(dialog.getByRole('button', { name: 'Save' }));
    await waitFor(() => {
      expect(sent(calls, 'PUT')?.body).toMatchObject({
        name: 'Inactive',
        shared: true,
        revision: 5,
        filter: { reason: ['INACTIVE'], range: '7d' },
      });
    });
  });

  it('are deleted after a question', async () => {
    const calls = stack([makeView()], {
      '/v1/views/view_1': () => new Response(null, { status: 204 }),
    });
    const { user } = openConsole('/refusals?range=24h');
    await user.click(await screen.findByRole('button', { name: 'Views' }));
    await user.click(await screen.findByRole('button', { name: 'Edit Duplicates' }));
    await user.click(await screen.findByRole('button', { name: 'Delete this view…' }));
    await user.click(await screen.findByRole('button', { name: 'Delete view' }));
    await waitFor(() => {
      expect(sent(calls, 'DELETE')?.path).toBe('/v1/views/view_1');
    });
  });

  it('of others are not edited, and a viewer shares none', async () => {
    const other = makeView({ shared: true, isOwn: false, mayChange: false });
    stack([other], {}, 'VIEWER');
    const { user } = openConsole('/refusals?range=24h');
    await user.click(await screen.findByRole('button', { name: 'Views' }));
    await screen.findByRole('link', { name: 'Duplicates' });
    expect(screen.queryByRole('button', { name: 'Edit Duplicates' })).toBeNull();
    expect(screen.queryByRole('checkbox', { name: 'Share with the workspace' })).toBeNull();
  });

  it('that cannot be loaded say so only in the menu', async () => {
    stack([], { '/v1/views': () => json({ status: 503, title: 'Service unavailable' }, 503) });
    const { user } = openConsole('/refusals');
    await screen.findByText('All good: every trigger that fired opened a run.');
    expect(screen.queryByRole('alert')).toBeNull();
    await user.click(await screen.findByRole('button', { name: 'Views' }));
    await screen.findByRole('alert');
  });
});
