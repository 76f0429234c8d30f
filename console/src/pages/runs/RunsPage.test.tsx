import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { openConsole, rememberTokens } from '../../test/render';
import { AUTOMATIONS, FAILED, NOT_THERE, rows, serveRuns } from '../../test/runHistory';
import { json, makeRun, makeRunDetail, makeStep, ME } from '../../test/server';

describe('the run history', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('shows the automation, the contact and the error', async () => {
    serveRuns();
    openConsole('/runs');
    const [completed, failed] = await rows();
    expect(completed).toHaveTextContent('CompletedOrder paid v3ada@example.comWebhook');
    expect(completed).toHaveTextContent('1.5 s');
    expect(failed).toHaveTextContent('No contact');
    expect(failed).toHaveTextContent('It answered 503');
  });

  it('loads the chart again after its first request failed', async () => {
    let asked = 0;
    serveRuns({
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
    const calls = serveRuns({
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
    serveRuns({ '/v1/runs/run_1': () => json(makeRunDetail()) });
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
    serveRuns({ '/v1/runs': () => json({ items: [run], nextCursor: null }) });
    openConsole('/runs');
    const [row] = await rows();
    expect(row).toHaveTextContent(/^Waitingwaiting until [A-Z][a-z]{2} \d{1,2},? (\d{4}, )?\d{2}:\d{2}/);
  });

  it('opens the run on a click on its row, and its steps by the button', async () => {
    serveRuns({ '/v1/runs/run_1': () => json(makeRunDetail()) });
    const { user } = openConsole('/runs');
    await rows();
    const row = within(screen.getByRole('row', { name: /run_1/ }));
    expect(row.getByRole('link', { name: 'Order paid' })).toHaveAttribute(
      'href',
      '/automations/atm_1',
    );
    screen.getByRole('button', { name: 'Show the steps of run run_1' }).focus();
    await user.keyboard('{Enter}');
    expect(window.location.search).toBe('?open=run_1');
    await user.click(row.getByText('Webhook'));
    expect(window.location.pathname).toBe('/runs/run_1');
  });

  it('loads more by cursor and lists a run that is on two pages once', async () => {
    serveRuns({
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

  it('expands runs and their steps, and a copied link expands the same ones', async () => {
    serveRuns({
      '/v1/runs/run_1': () => json(makeRunDetail()),
      '/v1/runs/run_2': () => json(makeRunDetail({ ...FAILED })),
    });
    const { user, view } = openConsole('/runs?range=30d');
    await rows();
    await user.click(screen.getByRole('button', { name: 'Show the steps of run run_1' }));
    const steps = within(await screen.findByRole('region', { name: 'Steps' }));
    await user.click(steps.getByRole('button', { name: /^Step \d score Integration/ }));
    expect(steps.getByText(/^Started/)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Show the steps of run run_2' }));
    const copied = `${window.location.pathname}${window.location.search}`;
    expect(copied).toBe('/runs?range=30d&open=run_1.score&open=run_2');

    view.unmount();
    const { user: other } = openConsole(copied);
    await waitFor(() => {
      expect(screen.getAllByRole('region', { name: 'Steps' })).toHaveLength(2);
    });
    const [first, second] = screen.getAllByRole('button', { name: /^Step \d score Integration/ });
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
    serveRuns({ '/v1/runs/run_1': () => json(makeRunDetail({ steps: two })) });
    const { user } = openConsole('/runs?open=run_1.score');
    await rows();
    await user.click(await screen.findByRole('button', { name: 'Next step' }));
    expect(window.location.search).toBe('?open=run_1.mail');
    await user.click(screen.getByRole('link', { name: 'Open run page' }));
    await user.click(await screen.findByRole('link', { name: 'Run history', current: false }));
    expect(window.location.search).toBe('?open=run_1.mail');
    const mail = await screen.findByRole('button', { name: /^Step \d mail Send message/ });
    expect(mail).toHaveAttribute('aria-expanded', 'true');
  });

  it('cancels many runs after showing how many, with examples', async () => {
    const outcome = { id: null, matched: 12, canceled: 0, isComplete: true, sample: [makeRun()] };
    const busy = () => json({ title: 'Too many', detail: 'Slow down.' }, 429);
    const answers = [busy(), busy()];
    const calls = serveRuns({
      '/v1/runs/cancel': ({ body }) =>
        body.includes('"dryRun":true')
          ? json(outcome)
          : (answers.shift() ?? json({ ...outcome, canceled: 11 })),
    });
    const sent = () =>
      calls
        .filter(({ url }) => url.pathname === '/v1/runs/cancel')
        .map(({ body }) => JSON.parse(body) as { idempotencyKey: string | null });
    const { user } = openConsole('/runs?automationId=atm_1&status=RUNNING');
    await user.click(await screen.findByRole('button', { name: 'Cancel open runs…' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(await dialog.findByText('12 runs')).toBeVisible();
    expect(dialog.getByText('and 11 runs more')).toBeVisible();
    const confirm = dialog.getByRole('button', { name: 'Cancel 12 runs' });
    expect(confirm).toBeDisabled();
    await user.type(dialog.getByLabelText('Reason'), 'Wrong');
    await user.click(confirm);
    expect(await dialog.findByText('Slow down.')).toBeVisible();
    await user.click(confirm);
    await waitFor(() => {
      expect(sent()).toHaveLength(3);
    });
    await user.type(dialog.getByLabelText('Reason'), ' template');
    await user.click(confirm);
    expect(await dialog.findByText('11 runs canceled')).toBeVisible();
    const [, first, repeated, other] = sent();
    expect(repeated?.idempotencyKey).toBe(first?.idempotencyKey);
    // Another reason is another request.
    expect(other?.idempotencyKey).not.toBe(first?.idempotencyKey);
    expect(other).toMatchObject({
      filter: { status: ['RUNNING'], automationId: 'atm_1', range: '7d' },
      reason: 'Wrong template',
      dryRun: false,
      idempotencyKey: expect.any(String) as string,
    });
  });

  it('exports the runs that match the filters', async () => {
    const made = { id: 'exp_1', list: 'RUNS', format: 'CSV', status: 'PENDING', rows: 0, url: null };
    const answers = [json({ title: 'Too many', detail: 'Slow down.' }, 429), json(made, 202)];
    const calls = serveRuns({
      '/v1/exports': () => answers.shift() ?? json(made, 202),
      '/v1/exports/exp_1': () =>
        json({ ...made, status: 'COMPLETED', rows: 7, url: 'https://files.example/exp_1.csv' }),
    });
    const { user } = openConsole('/runs?status=FAILED');
    await user.click(await screen.findByRole('button', { name: 'Export…' }));
    const start = await screen.findByRole('button', { name: 'Export' });
    await user.click(start);
    expect(await screen.findByText('Slow down.')).toBeVisible();
    await user.click(start);
    expect(await screen.findByRole('link', { name: 'Download' })).toHaveAttribute(
      'href',
      'https://files.example/exp_1.csv',
    );
    const [first, second] = calls
      .filter(({ url }) => url.pathname === '/v1/exports')
      .map(({ body }) => (JSON.parse(body) as { idempotencyKey: string }).idempotencyKey);
    expect(first).toBeTruthy();
    expect(second).toBe(first);
  });

  it('shows a viewer no actions', async () => {
    serveRuns({ '/v1/me': () => json({ ...ME, role: 'VIEWER' }) });
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
    serveRuns({ '/v1/runs': () => json({ items, nextCursor: null }) });
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
    expect((await rows())[0]).toHaveAttribute('data-row', 'run_2');
    expect(screen.queryByRole('button', { name: /new$/ })).toBeNull();
  });

  it('continues a search after an empty page that is not the last', async () => {
    serveRuns({ '/v1/runs': () => json({ items: [], nextCursor: 'more' }) });
    openConsole('/runs?contact=x');
    expect(await screen.findByText(/Older ones are not searched yet/)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Load more' })).toBeEnabled();
  });

  it.each([
    [403, 'Your role does not allow this'],
    [429, 'Too many requests'],
    [503, 'Server error'],
  ])('explains status %i', async (status, words) => {
    serveRuns({ '/v1/runs': () => json({ detail: 'The details.' }, status) });
    openConsole('/runs');
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent(words);
    expect(alert).toHaveTextContent('The details.');
  });

  it('asks to sign in on the same page when the session ended, and returns to it', async () => {
    let granted = false;
    serveRuns({
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
  serveRuns();
  openConsole('/nowhere');
  expect(await screen.findByRole('heading', { name: 'Page not found' })).toBeVisible();
});
