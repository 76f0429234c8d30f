import { fireEvent, screen, waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { openConsole, rememberTokens } from '../../test/render';
import { rows, serveRuns } from '../../test/runHistory';
import { json } from '../../test/server';

const COUNTS = {
  counts: { PENDING: 0, RUNNING: 1, COMPLETED: 1204, FAILED: 1, CANCELED: 0 },
  total: 1206,
  isComplete: true,
};

describe('the filters of the run history', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('says what names a contact, in a placeholder that fits its field', async () => {
    serveRuns();
    openConsole('/runs');
    const field = await screen.findByRole('searchbox', { name: 'Contact' });
    expect(field).toHaveAttribute('placeholder', 'E-mail, phone or any id');
    expect(field).toHaveAccessibleDescription(
      'An e-mail address, phone number, contact id, or external id such as stripe:cus_123',
    );
  });

  it('names the button that clears the error filter', async () => {
    serveRuns();
    openConsole('/runs?errorGroup=err_1');
    expect(await screen.findByRole('button', { name: 'Show all errors' })).toBeVisible();
  });

  it('shows and removes the filters that links set', async () => {
    const calls = serveRuns();
    const { user } = openConsole('/runs?rerunOf=run_9&recoveryId=rcv_1&range=30d');
    await rows();
    const asked = () =>
      calls.filter(({ url }) => url.pathname === '/v1/runs').map(({ url }) => url.searchParams);
    expect(asked().at(-1)?.get('rerunOf')).toBe('run_9');
    expect(asked().at(-1)?.get('recoveryId')).toBe('rcv_1');
    await user.click(screen.getByRole('button', { name: 'Remove the filter Reruns of run_9' }));
    await user.click(screen.getByRole('button', { name: 'Remove the filter Recovery rcv_1' }));
    await waitFor(() => {
      expect(asked().at(-1)?.toString()).toBe('range=30d&limit=50');
    });
    expect(window.location.search).toBe('?range=30d');
  });

  it('lists waiting runs by a chip', async () => {
    const calls = serveRuns({
      '/v1/runs/counts': ({ url }) =>
        json(url.searchParams.has('health') ? { ...COUNTS, total: 7, isComplete: false } : COUNTS),
    });
    const { user } = openConsole('/runs?status=FAILED');
    await user.click(await screen.findByRole('radio', { name: /^Waiting 7\s*or more$/ }));
    expect(window.location.search).toBe('?health=WAITING');
    const chips = screen.getAllByRole('radio').map((chip) => chip.getAttribute('value'));
    expect(chips.slice(0, 5)).toEqual(['ALL', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELED']);
    const asked = calls.filter(({ url }) => url.pathname === '/v1/runs').at(-1);
    expect(asked?.url.searchParams.get('health')).toBe('WAITING');
  });

  it('filters by trigger, and lists the oldest runs first', async () => {
    const calls = serveRuns();
    const { user } = openConsole('/runs');
    await rows();
    await user.selectOptions(screen.getByLabelText('Trigger'), 'DATE');
    await user.selectOptions(screen.getByLabelText('Order'), 'oldest');
    expect(window.location.search).toBe('?triggerType=DATE&order=oldest');
    await screen.findByRole('table', { name: 'Runs, oldest first' });
    const asked = calls.filter(({ url }) => url.pathname === '/v1/runs').at(-1);
    expect(asked?.url.searchParams.get('order')).toBe('oldest');
  });

  it('reports what it does not know in the address', async () => {
    serveRuns();
    const { user } = openConsole('/runs?status=BROKEN&automationId=atm_1&colour=red');
    const notice = await screen.findByText('The URL has filters that this page does not know');
    expect(notice.closest('[role]')).toHaveTextContent('status=BROKEN, colour=red');
    await user.click(screen.getByRole('button', { name: 'Remove them' }));
    expect(window.location.search).toBe('?automationId=atm_1');
    expect(screen.queryByText('The URL has filters that this page does not know')).toBeNull();
  });

  it('draws the runs that the filters leave, with a legend', async () => {
    const start = new Date(Date.now() - 3_600_000).toISOString();
    const stats = {
      from: start,
      to: new Date().toISOString(),
      freshness: start,
      isComplete: false,
      hours: [{ start, counts: { COMPLETED: 0, FAILED: 3 } }],
      minutes: [],
      duration: null,
      nodes: [],
    };
    const calls = serveRuns({ '/v1/stats': () => json(stats) });
    openConsole('/runs?status=FAILED&triggerType=WEBHOOK&range=1h');
    const chart = await screen.findByRole('figure');
    expect(chart).toHaveTextContent('Failed 3');
    expect(chart).toHaveTextContent('Only the newest runs are drawn');
    const asked = calls.find(({ url }) => url.pathname === '/v1/stats');
    expect(asked?.url.search).toBe('?status=FAILED&triggerType=WEBHOOK&range=1h');
  });

  it('writes a selected status to the URL and filters by it', async () => {
    const calls = serveRuns();
    const { user } = openConsole('/runs?automationId=atm_1');
    await rows();
    await user.click(screen.getByRole('radio', { name: 'Failed' }));
    expect(window.location.search).toBe('?automationId=atm_1&status=FAILED');
    await waitFor(async () => {
      expect(await rows()).toHaveLength(1);
    });
    const asked = calls.filter(({ url }) => url.pathname === '/v1/runs').at(-1);
    expect(Object.fromEntries(asked?.url.searchParams ?? [])).toEqual({
      status: 'FAILED',
      automationId: 'atm_1',
      range: '7d',
      limit: '50',
    });
  });

  it('shows the filters of a pasted link', async () => {
    serveRuns();
    openConsole('/runs?status=FAILED&contact=ada%40example.com&range=24h&automationId=atm_1');
    expect(await screen.findByRole('radio', { name: 'Failed' })).toBeChecked();
    expect(screen.getByRole('searchbox', { name: 'Contact' })).toHaveValue('ada@example.com');
    expect(screen.getByRole('radio', { name: '24h' })).toBeChecked();
    expect(await screen.findByDisplayValue('Order paid')).toBeVisible();
  });

  it('looks a contact up on Enter, not on every key', async () => {
    const calls = serveRuns();
    const { user } = openConsole('/runs');
    await rows();
    await user.type(screen.getByRole('searchbox', { name: 'Contact' }), ' ada@example.com ');
    expect(window.location.search).toBe('');
    await user.keyboard('{Enter}');
    expect(window.location.search).toBe('?contact=ada%40example.com');
    await waitFor(() => {
      expect(calls.at(-1)?.url.searchParams.get('contact')).toBe('ada@example.com');
    });
  });

  it('counts every status, using the other filters', async () => {
    const calls = serveRuns({ '/v1/runs/counts': () => json(COUNTS) });
    openConsole('/runs?status=FAILED&contact=ada%40example.com');
    expect(await screen.findByRole('radio', { name: 'Completed 1,204' })).toBeVisible();
    expect(screen.getByRole('radio', { name: 'All 1,206' })).toBeVisible();
    const asked = calls.filter(({ url }) => url.pathname === '/v1/runs/counts');
    expect(asked.map(({ url }) => url.search).toSorted()).toEqual([
      '?contact=ada%40example.com&range=7d',
      '?health=WAITING&contact=ada%40example.com&range=7d',
    ]);
  });

  it('marks counts that ended early', async () => {
    serveRuns({ '/v1/runs/counts': () => json({ ...COUNTS, isComplete: false }) });
    openConsole('/runs');
    expect(await screen.findByRole('radio', { name: /^All 1,206\s*or more$/ })).toBeVisible();
  });

  it('narrows the list to one kind of error', async () => {
    const group = {
      id: 'err_1',
      automationName: 'Order paid',
      nodeId: 'score',
      kind: 'HTTP_STATUS',
      title: 'POST api.example.com/score/{id} answered 503',
      count: 1204,
      isComplete: true,
    };
    const calls = serveRuns({
      '/v1/failure-groups': () => json({ items: [group], nextCursor: null }),
    });
    const { user } = openConsole('/runs');
    await user.click(await screen.findByRole('combobox', { name: 'Error' }));
    await user.click(
      await screen.findByText(
        '1,204 × Order paid, score: POST api.example.com/score/{id} answered 503',
      ),
    );
    expect(window.location.search).toBe('?errorGroup=err_1');
    expect(screen.getByRole('combobox', { name: 'Error' })).toHaveValue(
      '1,204 × Order paid, score: POST api.example.com/score/{id} answered 503',
    );
    const asked = calls.find(({ url }) => url.pathname === '/v1/failure-groups')?.url.searchParams;
    expect(asked?.get('order')).toBe('count');
  });

  it('names a chosen error that has no run in the period', async () => {
    const group = { automationName: 'Order paid', nodeId: null, title: 'It was refused' };
    serveRuns({
      '/v1/failure-groups': () => json({ items: [], nextCursor: null }),
      '/v1/failure-groups/err_9': () => json(group),
    });
    openConsole('/runs?errorGroup=err_9');
    expect(await screen.findByDisplayValue('Order paid: It was refused')).toBeVisible();
  });

  it('says that a chosen error has expired', async () => {
    serveRuns({
      '/v1/failure-groups': () => json({ items: [], nextCursor: null }),
      '/v1/failure-groups/err_9': () => json({ detail: 'none', title: 'Not found' }, 404),
    });
    openConsole('/runs?errorGroup=err_9');
    expect(await screen.findByDisplayValue('An expired error')).toBeVisible();
  });

  it('applies a custom period', async () => {
    const calls = serveRuns();
    const { user } = openConsole('/runs?range=24h');
    await rows();
    await user.click(screen.getByRole('button', { name: 'Custom…' }));
    fireEvent.change(await screen.findByLabelText('From'), { target: { value: '2026-03-01T10:00' } });
    await user.click(await screen.findByRole('button', { name: 'Apply' }));
    const from = new Date('2026-03-01T10:00').toISOString();
    expect(new URLSearchParams(window.location.search).get('from')).toBe(from);
    await waitFor(() => {
      const asked = calls.filter(({ url }) => url.pathname === '/v1/runs').at(-1);
      expect(asked?.url.searchParams.get('from')).toBe(from);
      expect(asked?.url.searchParams.has('range')).toBe(false);
    });
  });

  it('offers to clear the filters if nothing matches', async () => {
    serveRuns({ '/v1/runs': () => json({ items: [], nextCursor: null }) });
    const { user } = openConsole('/runs?status=PENDING');
    await screen.findByRole('heading', { name: 'No matching runs in the last 7 days' });
    await user.click(screen.getByRole('button', { name: 'Clear filters' }));
    expect(window.location.search).toBe('');
  });
});
