import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openConsole, rememberTokens } from '../../test/render';
import { json, makeRun, makeRunDetail, makeStep, ME, type Routes, serve } from '../../test/server';

const FAILED = makeRun({
  id: 'run_2',
  status: 'FAILED',
  contact: null,
  at: ['score'],
  error: { nodeId: 'score', kind: 'HTTP_STATUS', message: 'It answered 503', cause: null },
});

const AUTOMATIONS = { items: [{ id: 'atm_1', name: 'Order paid' }], nextCursor: null };

const COUNTS = {
  counts: { PENDING: 0, RUNNING: 1, COMPLETED: 1204, FAILED: 1, CANCELED: 0 },
  total: 1206,
  isComplete: true,
};
const NOT_THERE = () => json({ detail: 'No such run.' }, 404);

function stack(routes: Routes = {}) {
  return serve({
    '/v1/me': () => json(ME),
    '/v1/runs/counts': NOT_THERE,
    '/v1/stats': NOT_THERE,
    '/v1/failure-groups': NOT_THERE,
    '/v1/automations': () => json(AUTOMATIONS),
    '/v1/runs': ({ url }) => {
      const runs = [makeRun(), FAILED];
      const status = url.searchParams.get('status');
      return json({
        items: runs.filter((run) => status === null || run.status === status),
        nextCursor: null,
      });
    },
    ...routes,
  });
}

async function rows() {
  const table = await screen.findByRole('table', { name: /^Runs/ });
  return within(table).getAllByRole('row').slice(1);
}

describe('the run history', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('shows the automation, the contact and the error', async () => {
    stack();
    openConsole('/runs');
    const [completed, failed] = await rows();
    expect(completed).toHaveTextContent('CompletedOrder paid, run run_1 v3ada@example.comWebhook');
    expect(completed).toHaveTextContent('1.5 s');
    expect(failed).toHaveTextContent('No contact');
    expect(failed).toHaveTextContent('It answered 503');
  });

  it('names the button that clears the error filter', async () => {
    stack();
    openConsole('/runs?errorGroup=err_1');
    expect(await screen.findByRole('button', { name: 'Show all errors' })).toBeVisible();
  });

  it('shows and removes the filters that links set', async () => {
    const calls = stack();
    const { user } = openConsole('/runs?rerunOf=run_9&recoveryId=rcv_1&range=30d');
    await rows();
    const asked = () =>
      calls.filter(({ url }) => url.pathname === '/v1/runs').map(({ url }) => url.searchParams);
    expect(asked().at(-1)?.get('rerunOf')).toBe('run_9');
    expect(asked().at(-1)?.get('recoveryId')).toBe('rcv_1');
    await user.click(screen.getByRole('button', { name: 'Reruns of run_9, remove this filter' }));
    await user.click(screen.getByRole('button', { name: 'Recovery rcv_1, remove this filter' }));
    await waitFor(() => {
      expect(asked().at(-1)?.toString()).toBe('range=30d&limit=50');
    });
    expect(window.location.search).toBe('?range=30d');
  });

  it('loads the chart again after its first request failed', async () => {
    let asked = 0;
    stack({
      '/v1/stats': () => {
        asked += 1;
        return asked === 1 ? json({ title: 'Internal error' }, 500) : NOT_THERE();
      },
    });
    const { user } = openConsole('/runs');
    await rows();
    await user.click(await screen.findByRole('button', { name: 'Try again' }));
    await waitFor(() => {
      expect(screen.queryByRole('alert')).toBeNull();
    });
    expect(asked).toBe(2);
  });

  it('loads again only the page that failed', async () => {
    let isAway = true;
    const calls = stack({
      '/v1/runs': ({ url }) => {
        if (!url.searchParams.has('cursor')) return json({ items: [FAILED], nextCursor: 'c1' });
        if (isAway) return json({ title: 'Internal error' }, 500);
        return json({ items: [makeRun()], nextCursor: null });
      },
    });
    const { user } = openConsole('/runs');
    await rows();
    await user.click(screen.getByRole('button', { name: 'Load more' }));
    const again = await screen.findByRole('button', { name: 'Try again' });
    isAway = false;
    calls.length = 0;
    await user.click(again);
    await waitFor(async () => {
      expect(await rows()).toHaveLength(2);
    });
    const asked = calls.filter(({ url }) => url.pathname === '/v1/runs');
    expect(asked[0]?.url.searchParams.get('cursor')).toBe('c1');
  });

  it('opens a run from its steps, and the back link keeps the filters', async () => {
    stack({ '/v1/runs/run_1': () => json(makeRunDetail()) });
    const { user } = openConsole('/runs?range=30d');
    await rows();
    await user.click(screen.getByRole('button', { name: 'Show the steps of run run_1' }));
    await user.click(await screen.findByRole('link', { name: 'Open run page' }));
    const back = await screen.findByRole('link', { name: 'Run history', current: false });
    expect(back.getAttribute('href')).toMatch(/^\/runs\?range=30d/);
  });

  it('says what an open run waits for', async () => {
    const until = new Date(Date.now() + 3 * 86_400_000);
    const health = {
      state: 'WAITING',
      text: 'waiting until …',
      until: until.toISOString(),
      attempt: null,
      lastError: null,
    };
    const run = makeRun({ status: 'RUNNING', health, finishedAt: null, durationMs: null });
    stack({ '/v1/runs': () => json({ items: [run], nextCursor: null }) });
    openConsole('/runs');
    const [row] = await rows();
    expect(row).toHaveTextContent(/^Runningwaiting until [A-Z][a-z]{2} \d{1,2},? (\d{4}, )?\d{2}:\d{2}/);
  });

  it('writes a selected status to the URL and filters by it', async () => {
    const calls = stack();
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
    stack();
    openConsole('/runs?status=FAILED&contact=ada%40example.com&range=24h&automationId=atm_1');
    expect(await screen.findByRole('radio', { name: 'Failed' })).toBeChecked();
    expect(screen.getByRole('searchbox', { name: 'Contact' })).toHaveValue('ada@example.com');
    expect(screen.getByRole('radio', { name: '24h' })).toBeChecked();
    expect(await screen.findByDisplayValue('Order paid')).toBeVisible();
  });

  it('looks a contact up on Enter, not on every key', async () => {
    const calls = stack();
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

  it('loads more by cursor and lists a run that is on two pages once', async () => {
    stack({
      '/v1/runs': ({ url }) =>
        url.searchParams.get('cursor') === 'next'
          ? json({ items: [makeRun({ id: 'run_1' }), makeRun({ id: 'run_3' })], nextCursor: null })
          : json({ items: [makeRun({ id: 'run_1' })], nextCursor: 'next' }),
    });
    const { user } = openConsole('/runs');
    await user.click(await screen.findByRole('button', { name: 'Load more' }));
    await screen.findByText(/2 runs in the last 7 days/);
    expect(await rows()).toHaveLength(2);
  });

  it('counts every status, using the other filters', async () => {
    const calls = stack({ '/v1/runs/counts': () => json(COUNTS) });
    openConsole('/runs?status=FAILED&contact=ada%40example.com');
    expect(await screen.findByRole('radio', { name: 'Completed 1,204' })).toBeVisible();
    expect(screen.getByRole('radio', { name: 'All 1,206' })).toBeVisible();
    const asked = calls.find(({ url }) => url.pathname === '/v1/runs/counts');
    expect(asked?.url.search).toBe('?contact=ada%40example.com&range=7d');
  });

  it('marks counts that ended early', async () => {
    stack({ '/v1/runs/counts': () => json({ ...COUNTS, isComplete: false }) });
    openConsole('/runs');
    expect(await screen.findByRole('radio', { name: /^All 1,206\s*or more$/ })).toBeVisible();
  });

  it('expands runs and their steps, and a copied link expands the same ones', async () => {
    stack({
      '/v1/runs/run_1': () => json(makeRunDetail()),
      '/v1/runs/run_2': () => json(makeRunDetail({ ...FAILED })),
    });
    const { user, view } = openConsole('/runs?range=30d');
    await rows();
    await user.click(screen.getByRole('button', { name: 'Show the steps of run run_1' }));
    const steps = within(await screen.findByRole('region', { name: 'Steps' }));
    await user.click(steps.getByRole('button', { name: /^score Integration/ }));
    expect(steps.getByText(/^Started/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Show the steps of run run_2' }));
    const copied = `${window.location.pathname}${window.location.search}`;
    expect(copied).toBe('/runs?range=30d&open=run_1.score&open=run_2');

    view.unmount();
    const { user: other } = openConsole(copied);
    await waitFor(() => {
      expect(screen.getAllByRole('region', { name: 'Steps' })).toHaveLength(2);
    });
    const [first, second] = screen.getAllByRole('button', { name: /^score Integration/ });
    expect(first).toHaveAttribute('aria-expanded', 'true');
    expect(second).toHaveAttribute('aria-expanded', 'false');

    // Collapsing a run also closes its steps.
    await other.click(screen.getByRole('button', { name: 'Hide the steps of run run_1' }));
    expect(window.location.search).toBe('?range=30d&open=run_2');
    await other.click(screen.getByRole('button', { name: 'Show the steps of run run_1' }));
    expect(window.location.search).toBe('?range=30d&open=run_2&open=run_1');
  });

  it('moves from step to step in the list, and returns to them from the run page', async () => {
    const two = [makeStep(), makeStep({ nodeId: 'mail', type: 'SEND_MESSAGE', order: 2 })];
    stack({ '/v1/runs/run_1': () => json(makeRunDetail({ steps: two })) });
    const { user } = openConsole('/runs?open=run_1.score');
    await rows();
    await user.click(await screen.findByRole('button', { name: 'Next step' }));
    expect(window.location.search).toBe('?open=run_1.mail');
    await user.click(screen.getByRole('link', { name: 'Open run page' }));
    await user.click(await screen.findByRole('link', { name: 'Run history', current: false }));
    expect(window.location.search).toBe('?open=run_1.mail');
    const mail = await screen.findByRole('button', { name: /^mail Send message/ });
    expect(mail).toHaveAttribute('aria-expanded', 'true');
  });

  it('cancels many runs after showing how many, with examples', async () => {
    const outcome = { id: null, matched: 12, canceled: 0, isComplete: true, sample: [makeRun()] };
    const calls = stack({
      '/v1/runs/cancel': ({ body }) =>
        json(body.includes('"dryRun":true') ? outcome : { ...outcome, canceled: 11 }),
    });
    const { user } = openConsole('/runs?automationId=atm_1&status=RUNNING');
    await user.click(await screen.findByRole('button', { name: 'Cancel open runs…' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(await dialog.findByText('12 runs')).toBeVisible();
    expect(dialog.getByText('and 11 runs more')).toBeVisible();
    const confirm = dialog.getByRole('button', { name: 'Cancel 12 runs' });
    expect(confirm).toBeDisabled();
    await user.type(dialog.getByLabelText('Reason'), 'Wrong template');
    await user.click(confirm);
    expect(await dialog.findByText('11 runs canceled')).toBeVisible();
    const sent = calls.filter(({ url }) => url.pathname === '/v1/runs/cancel').at(-1);
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({
      filter: { status: ['RUNNING'], automationId: 'atm_1', range: '7d' },
      reason: 'Wrong template',
      dryRun: false,
    });
  });

  it('exports the runs that match the filters', async () => {
    const made = { id: 'exp_1', list: 'RUNS', format: 'CSV', status: 'PENDING', rows: 0, url: null };
    stack({
      '/v1/exports': () => json(made, 202),
      '/v1/exports/exp_1': () =>
        json({ ...made, status: 'COMPLETED', rows: 7, url: 'https://files.example/exp_1.csv' }),
    });
    const { user } = openConsole('/runs?status=FAILED');
    await user.click(await screen.findByRole('button', { name: 'Export…' }));
    await user.click(await screen.findByRole('button', { name: 'Export' }));
    expect(await screen.findByRole('link', { name: 'Download' })).toHaveAttribute(
      'href',
      'https://files.example/exp_1.csv',
    );
  });

  it('narrows the list to one kind of error', async () => {
    const group = {
      id: 'err_1',
      automationName: 'Order paid',
      nodeId: 'score',
      kind: 'HTTP_STATUS',
      title: 'POST api.example.com/score/{id} answered 503',
      count: 1204,
    };
    stack({ '/v1/failure-groups': () => json({ items: [group], nextCursor: null }) });
    const { user } = openConsole('/runs');
    await user.click(await screen.findByRole('combobox', { name: 'Error' }));
    await user.click(
      await screen.findByText(
        '1,204 × Order paid, score: POST api.example.com/score/{id} answered 503',
      ),
    );
    expect(window.location.search).toBe('?errorGroup=err_1');
  });

  it('shows a viewer no actions', async () => {
    stack({ '/v1/me': () => json({ ...ME, role: 'VIEWER' }) });
    openConsole('/runs');
    await rows();
    expect(await screen.findByText('Viewer')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Export…' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Cancel open runs…' })).toBeNull();
  });

  it('announces new rows, updates rows in place, and shows the new ones on demand', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const running = makeRun({ id: 'run_1', status: 'RUNNING', durationMs: null });
    let items = [running];
    stack({ '/v1/runs': () => json({ items, nextCursor: null }) });
    const { user } = openConsole('/runs');
    expect(await rows()).toHaveLength(1);
    items = [makeRun({ id: 'run_2', createdAt: '2026-03-01T11:00:00.000Z' }), makeRun()];
    await vi.advanceTimersByTimeAsync(4_500);
    const announcement = await screen.findByRole('button', { name: '1 new' });
    expect(await rows()).toHaveLength(1);
    expect((await rows())[0]).toHaveTextContent('Completed');
    vi.useRealTimers();
    await user.click(announcement);
    expect(await rows()).toHaveLength(2);
    expect((await rows())[0]).toHaveTextContent('run_2');
    expect(screen.queryByRole('button', { name: /new$/ })).toBeNull();
  });

  it('applies a custom period', async () => {
    const calls = stack();
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
    stack({ '/v1/runs': () => json({ items: [], nextCursor: null }) });
    const { user } = openConsole('/runs?status=PENDING');
    await screen.findByRole('heading', { name: 'No matching runs in the last 7 days' });
    await user.click(screen.getByRole('button', { name: 'Clear filters' }));
    expect(window.location.search).toBe('');
  });

  it('continues a search after an empty page that is not the last', async () => {
    stack({ '/v1/runs': () => json({ items: [], nextCursor: 'more' }) });
    openConsole('/runs?contact=x');
    expect(await screen.findByText(/Older ones are not searched yet/)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Load more' })).toBeEnabled();
  });

  it.each([
    [403, 'Your role does not allow this'],
    [429, 'Too many requests'],
    [503, 'Server error'],
  ])('explains status %i', async (status, words) => {
    stack({ '/v1/runs': () => json({ detail: 'The details.' }, status) });
    openConsole('/runs');
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent(words);
    expect(alert).toHaveTextContent('The details.');
  });

  it('asks to sign in on the same page when the session ended, and returns to it', async () => {
    let granted = false;
    stack({
      '/v1/runs': () => (granted ? json({ items: [FAILED], nextCursor: null }) : json({}, 401)),
      '/v1/me': () => (granted ? json(ME) : json({}, 401)),
      '/v1/automations': () => (granted ? json(AUTOMATIONS) : json({}, 401)),
      '/cognito': ({ body }) => {
        granted = body.includes('USER_PASSWORD_AUTH');
        return granted
          ? json({ AuthenticationResult: { AccessToken: 'a', RefreshToken: 'r', ExpiresIn: 3600 } })
          : json({ __type: 'NotAuthorizedException' }, 400);
      },
    });
    const { user } = openConsole('/runs?status=FAILED');
    expect(await screen.findByText('Your session has ended')).toBeVisible();
    await user.type(screen.getByLabelText('E-mail address'), 'owner@demo.example');
    await user.type(screen.getByLabelText('Password'), 'secret');
    await user.click(screen.getByRole('button', { name: 'Sign in' }));
    expect(await rows()).toHaveLength(1);
    expect(window.location.search).toBe('?status=FAILED');
  });
});

it('an unknown address shows a not-found page', async () => {
  rememberTokens();
  stack();
  openConsole('/nowhere');
  expect(await screen.findByRole('heading', { name: 'Page not found' })).toBeVisible();
});
