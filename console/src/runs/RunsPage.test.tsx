import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openConsole, rememberTokens } from '../test/render';
import { json, makeRun, ME, type Routes, serve } from '../test/server';

const FAILED = makeRun({
  id: 'run_2',
  status: 'FAILED',
  contact: null,
  error: { nodeId: 'score', kind: 'HTTP_STATUS', message: 'It answered 503', cause: null },
});

const AUTOMATIONS = { items: [{ id: 'atm_1', name: 'Order paid' }], nextCursor: null };

function stack(routes: Routes = {}) {
  return serve({
    '/v1/me': () => json(ME),
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

  it('shows what ran, for whom, and why it failed', async () => {
    stack();
    openConsole('/runs');
    const [completed, failed] = await rows();
    expect(completed).toHaveTextContent('CompletedOrder paid, run run_1 v3ada@example.comWebhook');
    expect(completed).toHaveTextContent('1.5 s');
    expect(failed).toHaveTextContent('No contact');
    expect(failed).toHaveTextContent('score: It answered 503');
  });

  it('says what an open run is waiting for', async () => {
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

  it('writes a chosen status to the URL and asks the API for it', async () => {
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

  it('loads more by cursor and lists a run of two pages once', async () => {
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

  it('announces what is new, changes rows in place, and shows the new ones on demand', async () => {
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

  it('looks at a period of the viewer’s own choice', async () => {
    const calls = stack();
    const { user } = openConsole('/runs?range=24h');
    await rows();
    await user.click(screen.getByRole('button', { name: 'Custom…' }));
    fireEvent.change(await screen.findByLabelText('From'), { target: { value: '2026-03-01T10:00' } });
    await user.click(await screen.findByRole('button', { name: 'Show this period' }));
    const from = new Date('2026-03-01T10:00').toISOString();
    expect(new URLSearchParams(window.location.search).get('from')).toBe(from);
    await waitFor(() => {
      const asked = calls.filter(({ url }) => url.pathname === '/v1/runs').at(-1);
      expect(asked?.url.searchParams.get('from')).toBe(from);
      expect(asked?.url.searchParams.has('range')).toBe(false);
    });
  });

  it('offers a way out of an empty result', async () => {
    stack({ '/v1/runs': () => json({ items: [], nextCursor: null }) });
    const { user } = openConsole('/runs?status=PENDING');
    await screen.findByRole('heading', { name: 'No run in the last 7 days matches' });
    await user.click(screen.getByRole('button', { name: 'Clear the filters' }));
    expect(window.location.search).toBe('');
  });

  it('goes on searching where a page came back empty but unfinished', async () => {
    stack({ '/v1/runs': () => json({ items: [], nextCursor: 'more' }) });
    openConsole('/runs?contact=x');
    expect(await screen.findByText(/Older ones were not searched yet/)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Load more' })).toBeEnabled();
  });

  it.each([
    [403, 'Your role does not allow this'],
    [429, 'Too many requests'],
    [503, 'The server failed to answer'],
  ])('says what %i means', async (status, words) => {
    stack({ '/v1/runs': () => json({ detail: 'The details.' }, status) });
    openConsole('/runs');
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent(words);
    expect(alert).toHaveTextContent('The details.');
  });

  it('asks to sign in again in place when the session ended, and comes back', async () => {
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

it('an unknown address says so', async () => {
  rememberTokens();
  stack();
  openConsole('/nowhere');
  expect(await screen.findByRole('heading', { name: 'There is no page here' })).toBeVisible();
});
