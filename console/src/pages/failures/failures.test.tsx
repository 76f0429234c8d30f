import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FailureGroup } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, makeRun, ME, type Routes, serve } from '../../test/server';
import { peopleOf } from './FailurePage';
import { joinedBars, trendText } from './Trend';

const AT = '2026-03-01T10:00:00.000Z';

function makeGroup(changes: Partial<FailureGroup> = {}): FailureGroup {
  return {
    id: 'err_1',
    automationId: 'aut_1',
    automationName: 'Order paid',
    nodeId: 'score',
    kind: 'HTTP_STATUS',
    title: 'POST api.partner/score answered 503',
    message: 'POST api.partner/score answered 503',
    newestMessage: 'POST https://api.partner/score answered 503; expected 2xx',
    newestRunId: 'run_1',
    status: 'OPEN',
    resolvedBy: null,
    resolvedAt: null,
    note: null,
    reopenedAt: null,
    assignee: null,
    assignedBy: null,
    assignedAt: null,
    count: 34,
    contacts: 30,
    isComplete: true,
    trend: { unit: 'HOUR', from: AT, counts: [0, 30, 4] },
    firstSeenAt: AT,
    lastSeenAt: AT,
    firstVersion: 3,
    ...changes,
  };
}

const ADA = { userId: 'usr_ada', email: 'ada@demo.example' };

interface Given {
  role?: 'MEMBER' | 'VIEWER';
  group?: FailureGroup;
  isComplete?: boolean;
  more?: Routes;
}

/** A stack with one group, which remembers what happened to it. */
function stack({ role = 'MEMBER', group = makeGroup(), isComplete = true, more = {} }: Given = {}) {
  let current = group;
  function change(changes: Partial<FailureGroup>) {
    current = { ...current, ...changes };
    return json(current);
  }
  return serve({
    '/v1/me': () => json({ ...ME, role }),
    '/v1/automations': () => json({ items: [], nextCursor: null }),
    '/v1/failure-groups': ({ url }: Call) => {
      const status = url.searchParams.get('status');
      const items = status === null || status === current.status ? [current] : [];
      return json({ items, nextCursor: null, isComplete });
    },
    '/v1/failure-groups/assignees': () => json({ items: [ADA], nextCursor: null }),
    '/v1/failure-groups/err_1': () => json(current),
    '/v1/failure-groups/err_1/assign': ({ body }) => {
      const { userId } = JSON.parse(body) as { userId: string | null };
      return change({ assignee: userId === null ? null : ADA });
    },
    '/v1/failure-groups/err_1/resolve': ({ body }) => {
      const { note } = JSON.parse(body) as { note?: string };
      return change({ status: 'RESOLVED', resolvedBy: ADA.email, resolvedAt: AT, note: note ?? null });
    },
    '/v1/failure-groups/err_1/reopen': () =>
      change({ status: 'OPEN', resolvedBy: null, resolvedAt: null, note: null, reopenedAt: AT }),
    '/v1/recoveries': () => json({ detail: 'No runs.', title: 'Not possible' }, 409),
    ...more,
  });
}

function lastQuery(calls: Call[]) {
  return calls.findLast(({ url }) => url.pathname === '/v1/failure-groups')?.url.searchParams;
}

beforeEach(() => {
  rememberTokens();
});

describe('the inbox', () => {
  it('shows open failures with their numbers', async () => {
    const calls = stack();
    openConsole('/failures');
    const list = within(await screen.findByRole('list', { name: 'Failures, latest first' }));
    const item = list.getByRole('listitem');
    expect(item).toHaveTextContent('34 runs');
    expect(item).toHaveTextContent('30 people');
    expect(item).toHaveTextContent('Order paid, step score');
    expect(item).toHaveTextContent('expected 2xx');
    expect(item).toHaveTextContent('in version 3');
    expect(list.getByRole('img', { name: 'Peak: 30 runs in one hour. Last hour: 4' })).toBeVisible();
    expect(list.getByRole('link', { name: '34 runs' })).toHaveAttribute('href', '/runs?errorGroup=err_1');
    expect(list.getByRole('link', { name: '30 people' })).toHaveAttribute('href', '/failures/err_1');
    expect(list.getByRole('link', { name: /answered 503/ })).toHaveAttribute('href', '/failures/err_1');
    expect(lastQuery(calls)?.get('status')).toBe('OPEN');
    expect(lastQuery(calls)?.get('range')).toBe('7d');
  });

  it('assigns a failure', async () => {
    const calls = stack();
    const { user } = openConsole('/failures');
    const field = await screen.findByRole('combobox', { name: /^Assignee of POST/ });
    await within(field).findByRole('option', { name: ADA.email });
    await user.selectOptions(field, ADA.email);
    await waitFor(() => {
      expect(field).toHaveValue(ADA.userId);
    });
    await user.selectOptions(field, 'Not assigned');
    const sent = calls.filter(({ url }) => url.pathname.endsWith('/assign'));
    expect(sent.map(({ body }) => body)).toEqual(['{"userId":"usr_ada"}', '{"userId":null}']);
  });

  it('resolves a failure with a note, and reopens it', async () => {
    const calls = stack();
    const { user } = openConsole('/failures');
    await user.click(await screen.findByRole('button', { name: /^Resolve POST/ }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByRole('textbox', { name: 'Note' }), 'They are back');
    await user.click(dialog.getByRole('button', { name: 'Resolve' }));
    expect(await screen.findByText(/No matching failures|No failures/)).toBeVisible();
    const sent = calls.find(({ url }) => url.pathname.endsWith('/resolve'));
    expect(sent?.body).toBe('{"note":"They are back"}');
    await user.click(screen.getByRole('radio', { name: 'Resolved' }));
    const item = await screen.findByText(/Resolved by ada@demo.example/);
    expect(item).toHaveTextContent('They are back');
    expect(screen.queryByRole('button', { name: /^Rerun/ })).toBeNull();
    await user.click(screen.getByRole('button', { name: /^Reopen/ }));
    await user.click(screen.getByRole('radio', { name: 'Open' }));
    expect(await screen.findByText(/^Reopened/)).toBeVisible();
  });

  it('opens the recovery of exactly this failure', async () => {
    const calls = stack();
    const { user } = openConsole('/failures');
    await user.click(await screen.findByRole('button', { name: /^Rerun the runs of POST/ }));
    await within(await screen.findByRole('dialog')).findByText('No runs.');
    const sent = calls.find(({ url }) => url.pathname === '/v1/recoveries');
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ errorGroup: 'err_1', dryRun: true });
  });

  it('says where numbers are minimums and the order lacks failures', async () => {
    stack({ group: makeGroup({ count: 10_000, contacts: 9_000, isComplete: false }), isComplete: false });
    openConsole('/failures?order=count');
    const item = within(await screen.findByRole('list', { name: 'Failures, most runs first' }));
    expect(item.getByRole('listitem')).toHaveTextContent('10,000+ runs');
    expect(item.getByRole('listitem')).toHaveTextContent('9,000+ people');
    expect(screen.getByText('There are more failures')).toBeVisible();
  });

  it('filters and orders by the address', async () => {
    const calls = stack();
    const { user } = openConsole('/failures?status=ALL&assignee=me&order=count&range=24h');
    await screen.findByRole('list', { name: 'Failures, most runs first' });
    const asked = lastQuery(calls);
    expect(asked?.get('status')).toBeNull();
    expect([asked?.get('assignee'), asked?.get('order'), asked?.get('range')]).toEqual(['me', 'count', '24h']);
    await user.selectOptions(screen.getByRole('combobox', { name: 'Assigned to' }), 'Nobody');
    await waitFor(() => {
      expect(lastQuery(calls)?.get('assignee')).toBe('none');
    });
    expect(window.location.search).toContain('assignee=none');
  });

  it('offers viewers no action', async () => {
    stack({ role: 'VIEWER', group: makeGroup({ assignee: ADA }) });
    openConsole('/failures');
    const list = within(await screen.findByRole('list', { name: /^Failures/ }));
    expect(list.getByText(ADA.email)).toBeVisible();
    expect(list.queryByRole('button')).toBeNull();
    expect(list.queryByRole('combobox')).toBeNull();
  });
});

describe('the page of a failure', () => {
  const runs = [
    makeRun({ id: 'run_3', status: 'FAILED' }),
    makeRun({ id: 'run_2', status: 'FAILED', contact: { id: 'con_2', email: 'bob@example.com', phone: null } }),
    makeRun({ id: 'run_1', status: 'FAILED' }),
    makeRun({ id: 'run_0', status: 'FAILED', contact: null }),
  ];

  it('lists the people hit and the newest runs', async () => {
    const calls = stack({ more: { '/v1/runs': () => json({ items: runs, nextCursor: null }) } });
    openConsole('/failures/err_1');
    expect(await screen.findByRole('heading', { level: 1 })).toHaveTextContent('answered 503');
    const people = within(await screen.findByRole('list', { name: /^People/ }));
    const found = people.getAllByRole('listitem').map(({ textContent }) => textContent);
    expect(found).toHaveLength(2);
    expect(found[0]).toContain('ada@example.com');
    expect(found[0]).toContain('2 runs');
    expect(found[1]).toContain('bob@example.com');
    expect(people.getByRole('link', { name: 'bob@example.com' })).toHaveAttribute('href', '/contacts/con_2');
    const all = screen.getByRole('link', { name: 'All its runs' });
    expect(all.getAttribute('href')).toMatch(/errorGroup=err_1&from=2026-03-01/);
    const asked = calls.find(({ url }) => url.pathname === '/v1/runs')?.url.searchParams;
    expect(asked?.get('errorGroup')).toBe('err_1');
  });

  it('says so if it has expired', async () => {
    stack({ more: { '/v1/failure-groups/err_1': () => json({ detail: 'none', title: 'x' }, 404) } });
    openConsole('/failures/err_1');
    expect(await screen.findByText('Failure not found')).toBeVisible();
  });
});

describe('people and trends', () => {
  it('counts each contact once', () => {
    const run = makeRun();
    expect(peopleOf([run, { ...run, id: 'run_2' }, { ...run, contact: null }])).toHaveLength(1);
    expect(peopleOf([])).toEqual([]);
  });

  it('joins bars without losing a run', () => {
    expect(joinedBars([1, 2, 3])).toEqual([1, 2, 3]);
    const many = Array.from({ length: 122 }, (_, at) => at);
    const joined = joinedBars(many);
    expect(joined.length).toBeLessThanOrEqual(60);
    expect(joined.reduce((sum, each) => sum + each, 0)).toBe((122 * 121) / 2);
    expect(joinedBars([])).toEqual([]);
    expect(trendText({ unit: 'DAY', from: AT, counts: [1_200, 0] })).toBe(
      'Peak: 1,200 runs in one day. Last day: 0',
    );
  });
});
