import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SkipOutcome } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, makeRun, type Routes, serve } from '../../test/server';

const AT = '2026-03-01T10:00:00.000Z';

function outcome(changes: Partial<SkipOutcome>): SkipOutcome {
  return {
    id: null,
    filter: {
      status: ['RUNNING'],
      reason: [],
      automationId: 'aut_1',
      contact: null,
      triggerType: [],
      errorGroup: null,
      channel: null,
      runId: null,
      address: null,
      from: null,
      to: AT,
    },
    requestedBy: 'ada@demo.example',
    matched: 3,
    skipped: 0,
    isComplete: true,
    sample: [makeRun({ status: 'RUNNING' })],
    createdAt: AT,
    finishedAt: null,
    ...changes,
  };
}

async function openDialog(answers: Routes) {
  const none = () => json({ items: [], nextCursor: null });
  const missing = () => json({ detail: 'Not here.' }, 404);
  const calls = serve({
    '/v1/me': () => json({ ...ME, role: 'MEMBER' }),
    '/v1/runs': none,
    '/v1/automations': none,
    '/v1/runs/counts': missing,
    '/v1/stats': missing,
    '/v1/failure-groups': none,
    ...answers,
  });
  const { user } = openConsole('/runs?automationId=aut_1&status=RUNNING');
  await user.click(await screen.findByRole('button', { name: 'Skip waits…' }));
  return { calls, user, dialog: within(await screen.findByRole('dialog')) };
}

describe('skipping the waits of a list', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('shows how many runs continue, skips their waits and says how many did', async () => {
    const { calls, user, dialog } = await openDialog({
      '/v1/runs/skip-wait': ({ body }) =>
        (JSON.parse(body) as { dryRun: boolean }).dryRun
          ? json(outcome({}))
          : json(outcome({ id: 'can_1', skipped: 2, isComplete: false }), 202),
      '/v1/runs/skip-wait/can_1': () => json(outcome({ id: 'can_1', skipped: 2 })),
    });
    const examples = await dialog.findByRole('list', { name: 'Examples' });
    expect(examples).toHaveTextContent('and 2 runs more');
    expect(calls.filter(({ method }) => method === 'POST')).toHaveLength(1);
    await user.click(dialog.getByRole('button', { name: 'Skip the waits of 3 runs' }));
    expect(await dialog.findByText('The waits of 2 runs were skipped')).toBeVisible();
    expect(await dialog.findByText(/^In 1 run no wait was skipped/)).toBeVisible();
    const sent: unknown = JSON.parse(calls.findLast(({ method }) => method === 'POST')?.body ?? '');
    expect(sent).toMatchObject({
      filter: { automationId: 'aut_1', status: ['RUNNING'] },
      dryRun: false,
      idempotencyKey: expect.any(String) as string,
    });
  });

  it('has nothing to do if no run is waiting', async () => {
    const { dialog } = await openDialog({
      '/v1/runs/skip-wait': () => json(outcome({ matched: 0, sample: [] })),
    });
    expect(await dialog.findByText('No run that matches the filters is waiting.')).toBeVisible();
    expect(dialog.getByRole('button', { name: 'Skip waits' })).toBeDisabled();
  });

  it('shows a refusal, and can be repeated with the same key', async () => {
    const { calls, user, dialog } = await openDialog({
      '/v1/runs/skip-wait': ({ body }) =>
        (JSON.parse(body) as { dryRun: boolean }).dryRun
          ? json(outcome({}))
          : json({ title: 'Too many', detail: 'Slow down.' }, 429),
    });
    const skip = await dialog.findByRole('button', { name: 'Skip the waits of 3 runs' });
    await user.click(skip);
    expect(await dialog.findByText('Slow down.')).toBeVisible();
    await waitFor(() => {
      expect(skip).toBeEnabled();
    });
    await user.click(skip);
    await waitFor(() => {
      expect(skip).toBeEnabled();
    });
    const keys = calls
      .filter(({ method }) => method === 'POST')
      .map(({ body }) => (JSON.parse(body) as { idempotencyKey: string | null }).idempotencyKey);
    expect(keys).toEqual([null, expect.any(String), keys[1]]);
  });
});
