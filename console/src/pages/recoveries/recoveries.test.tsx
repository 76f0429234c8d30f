import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Recovery } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, type Routes, serve } from '../../test/server';

const AT = '2026-03-01T10:00:00.000Z';

function makeRecovery(changes: Partial<Recovery> = {}): Recovery {
  return {
    id: 'rcv_1',
    status: 'WAITING',
    statusAt: AT,
    statusBy: null,
    statusReason: null,
    filter: {
      status: ['FAILED'],
      reason: [],
      automationId: null,
      contact: null,
      triggerType: [],
      errorGroup: 'err_1',
      channel: null,
      runId: null,
      address: null,
      from: null,
      to: AT,
    },
    errorGroup: 'err_1',
    from: null,
    version: 'SAME',
    effects: {},
    fireDownstream: false,
    reason: 'The CRM is back',
    canary: { count: 3, then: 'WAIT' },
    ratePerMinute: 60,
    stopAfterFailures: 10,
    requestedBy: 'ada@demo.example',
    createdAt: AT,
    finishedAt: null,
    isSelected: true,
    counts: {
      eligible: 30,
      excluded: { ERASED: 2, UNKNOWN_EFFECTS: 1 },
      blocked: 0,
      opened: 3,
      completed: 3,
      failed: 0,
      canceled: 0,
    },
    ...changes,
  };
}

const ITEMS = [
  {
    runId: 'run_1',
    state: 'ENDED',
    rerunId: 'run_2',
    result: 'COMPLETED',
    blockedBy: null,
    reason: null,
    detail: null,
  },
  {
    runId: 'run_3',
    state: 'LEFT_OUT',
    rerunId: null,
    result: null,
    blockedBy: null,
    reason: 'UNKNOWN_EFFECTS',
    detail: null,
  },
];

function stack(more: Routes = {}, recovery = makeRecovery(), role: 'MEMBER' | 'VIEWER' = 'MEMBER') {
  return serve({
    '/v1/me': () => json({ ...ME, role }),
    '/v1/recoveries': () => json({ items: [recovery], nextCursor: null }),
    '/v1/recoveries/rcv_1': () => json(recovery),
    '/v1/recoveries/rcv_1/runs': () => json({ items: ITEMS, nextCursor: null }),
    ...more,
  });
}

describe('a recovery', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('is listed with its progress, and leads to its page', async () => {
    stack();
    const { user } = openConsole('/recoveries');
    const list = within(await screen.findByRole('list', { name: 'Recoveries, newest first' }));
    expect(list.getByRole('listitem')).toHaveTextContent('3 of 30 completed');
    await user.click(list.getByRole('link', { name: 'The CRM is back' }));
    expect(await screen.findByText('The canary has completed')).toBeVisible();
    const left = screen.getByRole('region', { name: 'Left out' });
    expect(left).toHaveTextContent('Unknown effects: 1');
  });

  it('lists its runs with their reruns and reasons', async () => {
    stack();
    openConsole('/recoveries/rcv_1');
    const runs = within(await screen.findByRole('list', { name: 'Runs of the recovery' }));
    const [first, second] = runs.getAllByRole('listitem');
    expect(first).toHaveTextContent('Completed');
    expect(runs.getByRole('link', { name: 'Compare' })).toHaveAttribute(
      'href',
      '/runs/run_1/compare/run_2',
    );
    expect(second).toHaveTextContent('Left out: unknown effects');
  });

  it('continues after the canary', async () => {
    const running = makeRecovery({ status: 'RUNNING' });
    const calls = stack({ '/v1/recoveries/rcv_1/continue': () => json(running) });
    const { user } = openConsole('/recoveries/rcv_1');
    await user.click(await screen.findByRole('button', { name: 'Continue' }));
    await waitFor(() => {
      expect(screen.queryByText('The canary has completed')).toBeNull();
    });
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('is aborted only after a question', async () => {
    const aborted = makeRecovery({ status: 'ABORTED' });
    stack({ '/v1/recoveries/rcv_1/abort': () => json(aborted) });
    const { user } = openConsole('/recoveries/rcv_1');
    await user.click(await screen.findByRole('button', { name: 'Abort…' }));
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Abort' }));
    await waitFor(() => {
      expect(screen.queryByRole('button', { name: 'Continue' })).toBeNull();
    });
  });

  it('says why it paused', async () => {
    stack({}, makeRecovery({ status: 'PAUSED', statusReason: 'CANARY_FAILED' }));
    openConsole('/recoveries/rcv_1');
    expect(await screen.findByText('A rerun of the canary failed.')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Pause' })).toBeNull();
  });

  it('shows viewers no actions', async () => {
    stack({}, makeRecovery(), 'VIEWER');
    openConsole('/recoveries/rcv_1');
    await screen.findByText('The canary has completed');
    expect(screen.queryByRole('button', { name: 'Continue' })).toBeNull();
  });
});

describe('the dialog of a recovery', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('previews the runs of a list with reasons, and starts with a canary', async () => {
    const none = () => json({ items: [], nextCursor: null });
    const missing = () => json({ detail: 'Not here.' }, 404);
    const preview = makeRecovery({ id: null, status: 'PREVIEWED' });
    const calls = stack({
      '/v1/runs': none,
      '/v1/automations': none,
      '/v1/runs/counts': missing,
      '/v1/stats': missing,
      '/v1/failure-groups': none,
      '/v1/recoveries': ({ method, body }) =>
        method === 'GET'
          ? json({ items: [], nextCursor: null })
          : (JSON.parse(body) as { dryRun: boolean }).dryRun
            ? json(preview)
            : json(makeRecovery(), 202),
    });
    const { user } = openConsole('/runs?status=FAILED&errorGroup=err_1');
    await user.click(await screen.findByRole('button', { name: 'Rerun failed runs…' }));
    const dialog = within(await screen.findByRole('dialog'));
    const left = await dialog.findByRole('list', { name: 'Left out' });
    expect(left).toHaveTextContent('Unknown effects: 1 run');
    await user.type(dialog.getByLabelText('Reason'), 'The CRM is back');
    await user.click(dialog.getByRole('button', { name: 'Rerun 30 runs' }));
    await waitFor(() => {
      expect(window.location.pathname).toBe('/recoveries/rcv_1');
    });
    const sent: unknown = JSON.parse(calls.findLast(({ method }) => method === 'POST')?.body ?? '');
    expect(sent).toMatchObject({
      filter: { status: ['FAILED'], errorGroup: 'err_1' },
      canary: { count: 3, then: 'WAIT' },
      ratePerMinute: 60,
      stopAfterFailures: 10,
      reason: 'The CRM is back',
      dryRun: false,
    });
  });
});
