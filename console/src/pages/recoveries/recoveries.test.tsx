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
    '/v1/failure-groups/err_1': () => json({ title: 'It answered 503', status: 'RESOLVED', note: null }),
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

  it('shows the failure that it resolved', async () => {
    stack({}, makeRecovery({ status: 'COMPLETED', finishedAt: AT }));
    openConsole('/recoveries/rcv_1');
    expect(await screen.findByRole('link', { name: 'It answered 503' })).toHaveAttribute(
      'href',
      '/failures/err_1',
    );
    expect(screen.getByText('Resolved')).toBeVisible();
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
    expect(await screen.findByText('One of the canary’s reruns failed.')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Pause' })).toBeNull();
  });

  it('shows viewers no actions', async () => {
    stack({}, makeRecovery(), 'VIEWER');
    openConsole('/recoveries/rcv_1');
    await screen.findByText('The canary has completed');
    expect(screen.queryByRole('button', { name: 'Continue' })).toBeNull();
  });
});

interface Asked {
  dryRun: boolean;
  effects: Record<string, { do: string }>;
}

/** Of 30 runs, 2 need a choice at `score`; `mail` was sent in all of them. */
function makePreview({ effects }: Asked): Recovery {
  const isChosen = 'score' in effects;
  const node = {
    automationId: 'aut_1',
    run: 0,
    reused: 0,
    suppressed: 0,
    undecided: 0,
    repeatedEffects: 0,
  };
  const recovery = makeRecovery({ id: null, status: 'PREVIEWED' });
  return {
    ...recovery,
    counts: {
      ...recovery.counts,
      eligible: isChosen ? 30 : 28,
      excluded: isChosen ? {} : { UNKNOWN_EFFECTS: 2 },
    },
    nodes: [
      {
        ...node,
        nodeId: 'score',
        type: 'INTEGRATION',
        run: isChosen ? 30 : 28,
        undecided: isChosen ? 0 : 2,
        effects: { 503: 28, OUTCOME_UNKNOWN: 2 },
        repeatedEffects: isChosen ? 30 : 28,
      },
      { ...node, nodeId: 'mail', type: 'SEND_MESSAGE', reused: 28, effects: { SENT: 28 } },
    ],
  };
}

async function openDialog(role: 'MEMBER' | 'OWNER', more: Routes = {}) {
  const none = () => json({ items: [], nextCursor: null });
  const missing = () => json({ detail: 'Not here.' }, 404);
  const calls = stack(
    {
      '/v1/me': () => json({ ...ME, role }),
      '/v1/runs': none,
      '/v1/automations': none,
      '/v1/node-types': none,
      '/v1/runs/counts': missing,
      '/v1/stats': missing,
      '/v1/failure-groups': none,
      '/v1/recoveries': ({ method, body }) => {
        if (method === 'GET') return none();
        const asked = JSON.parse(body) as Asked;
        return asked.dryRun ? json(makePreview(asked)) : json(makeRecovery(), 202);
      },
      ...more,
    },
    makeRecovery(),
  );
  const { user } = openConsole('/runs?status=FAILED&errorGroup=err_1');
  await user.click(await screen.findByRole('button', { name: 'Rerun failed runs…' }));
  const dialog = within(await screen.findByRole('dialog'));
  const sent = () =>
    JSON.parse(calls.findLast(({ method }) => method === 'POST')?.body ?? '') as unknown;
  return { user, dialog, sent };
}

describe('the dialog of a recovery', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('previews the runs of a list, asks for the choices, and starts with a canary', async () => {
    const { user, dialog, sent } = await openDialog('MEMBER');
    const left = await dialog.findByRole('list', { name: 'Left out' });
    expect(left).toHaveTextContent('Unknown effects: 2 runs');
    const nodes = dialog.getByRole('list', { name: 'By node' });
    expect(nodes).toHaveTextContent(/Executed again in 28 runs.*Undecided in 2 runs/);
    expect(nodes).toHaveTextContent(/Outcome unknown 2 calls or messages.*28 of these calls and messages happen again/);
    expect(dialog.getByText(/score may already have made calls or sent messages/)).toBeVisible();
    expect(dialog.getByRole('button', { name: 'Rerun 28 runs' })).toBeDisabled();

    await user.selectOptions(dialog.getByLabelText('Effects of score'), 'REPEAT');
    await user.type(dialog.getByLabelText('Reason'), 'The CRM is back');
    const start = await dialog.findByRole('button', { name: 'Rerun 30 runs' });
    await waitFor(() => {
      expect(start).toBeEnabled();
    });
    await user.click(start);
    await waitFor(() => {
      expect(window.location.pathname).toBe('/recoveries/rcv_1');
    });
    expect(sent()).toMatchObject({
      filter: { status: ['FAILED'], errorGroup: 'err_1' },
      effects: { score: { do: 'REPEAT' } },
      canary: { count: 3, then: 'WAIT' },
      ratePerMinute: 60,
      stopAfterFailures: 10,
      reason: 'The CRM is back',
      fireDownstream: false,
      dryRun: false,
    });
  });

  it('leaves out runs with unknown effects only if that is chosen', async () => {
    const { user, dialog, sent } = await openDialog('OWNER');
    await user.selectOptions(await dialog.findByLabelText('Effects of score'), 'LEAVE_OUT');
    const start = dialog.getByRole('button', { name: 'Rerun 28 runs' });
    await waitFor(() => {
      expect(start).toBeEnabled();
    });
    await user.click(start);
    await waitFor(() => {
      expect(sent()).toMatchObject({ effects: {}, dryRun: false });
    });
  });

  it('lets only admins repeat sent messages, and says so', async () => {
    const { dialog } = await openDialog('MEMBER');
    const mail = within(await dialog.findByLabelText('Effects of mail'));
    expect(mail.getByRole('option', { name: 'Repeat (needs an admin)' })).toBeDisabled();
    expect(dialog.getByText('Only an admin can repeat these messages.')).toBeVisible();
  });

  it('shows a refused choice at its node, and keeps the list', async () => {
    const { user, dialog } = await openDialog('OWNER', {
      '/v1/recoveries': ({ body }) => {
        const asked = JSON.parse(body) as Asked;
        return body.includes('SUPPRESS')
          ? json({ title: 'Invalid', detail: 'score has no edge', field: 'effects.score' }, 422)
          : json(makePreview(asked));
      },
    });
    await user.selectOptions(await dialog.findByLabelText('Effects of score'), 'SUPPRESS');
    expect(await dialog.findByText(/Score has no edge/)).toBeVisible();
    expect(dialog.getByRole('button', { name: /^Rerun/ })).toBeDisabled();
    await user.click(dialog.getByLabelText('Output of score'));
    await user.paste('seven');
    expect(await dialog.findByText('The output of score is invalid')).toBeVisible();
  });

  it('keeps a choice that fits no run, so that it can be changed', async () => {
    const none = makeRecovery({ id: null, status: 'PREVIEWED' });
    const counts = { ...none.counts, eligible: 0, excluded: { NOT_APPLICABLE: 30 } };
    const { user, dialog } = await openDialog('OWNER', {
      '/v1/recoveries': ({ body }) => {
        const asked = JSON.parse(body) as Asked;
        return json(body.includes('SUPPRESS') ? { ...none, counts, nodes: [] } : makePreview(asked));
      },
    });
    await user.selectOptions(await dialog.findByLabelText('Effects of score'), 'SUPPRESS');
    const left = await dialog.findByText(/Not applicable: 30 runs/);
    expect(left).toHaveTextContent('enter its output');
    expect(dialog.getByLabelText('Output of score')).toBeVisible();
    expect(dialog.queryByLabelText('Effects of mail')).toBeNull();
    await user.selectOptions(dialog.getByLabelText('Effects of score'), '');
    expect(await dialog.findByText('Executed again in 28 runs')).toBeVisible();
    expect(dialog.getByLabelText('Effects of mail')).toBeVisible();
  });

  it('can begin at the start, and fire the automations that follow', async () => {
    const { user, dialog, sent } = await openDialog('OWNER');
    await user.selectOptions(await dialog.findByLabelText('From'), 'START');
    await user.click(dialog.getByLabelText(/^Also start/));
    await waitFor(() => {
      expect(sent()).toMatchObject({ from: 'START', fireDownstream: true, dryRun: true });
    });
  });
});
