import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Counts, Refusal } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, ME, type Routes, serve } from '../../test/server';

const REFUSAL: Refusal = {
  id: 'ref_1',
  automationId: 'atm_1',
  automationName: 'Order paid',
  contactId: 'con_1',
  count: 3,
  createdAt: '2026-03-01T10:00:00.000Z',
  lastAt: '2026-03-01T11:00:00.000Z',
  message: 'the contact has run_7 open in this automation',
  reason: 'REENTRY_BLOCKED',
  runId: 'run_7',
  source: '203.0.113.9',
  trigger: { type: 'WEBHOOK' },
  version: 2,
};
const COUNTS: Counts = {
  counts: { DUPLICATE: 2, REENTRY_BLOCKED: 40, NO_CONTACT: 0 },
  total: 42,
  isComplete: true,
};

function stack(routes: Routes = {}): Call[] {
  return serve({
    '/v1/me': () => json(ME),
    '/v1/automations': () => json({ items: [], nextCursor: null }),
    '/v1/refusals': () => json({ items: [REFUSAL], nextCursor: null }),
    '/v1/refusals/counts': () => json(COUNTS),
    '/v1/refusals/ref_1': () => json(REFUSAL),
    ...routes,
  });
}

describe('the refusals', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('are counted by reason once, and a chosen reason says what it means', async () => {
    const calls = stack();
    const { user } = openConsole('/refusals?range=30d');
    const reasons = within(await screen.findByRole('radiogroup', { name: 'Reason' }));
    await user.click(await reasons.findByRole('radio', { name: /^Re-entry blocked\s*40/ }));
    expect(window.location.search).toBe('?range=30d&reason=REENTRY_BLOCKED');
    await screen.findByText(/change the re-entry rule/);
    expect(screen.queryByRole('list', { name: /by reason/ })).toBeNull();
    const last = calls.findLast(({ url }) => url.pathname === '/v1/refusals');
    expect(last?.url.searchParams.get('reason')).toBe('REENTRY_BLOCKED');
  });

  it('lead from the list to the reason, and to the earlier run', async () => {
    stack();
    const { user } = openConsole('/refusals');
    await user.click(await screen.findByRole('link', { name: /^the contact has run_7 open/ }));
    const why = await screen.findByRole('region', { name: 'Why no run was opened' });
    expect(why).toHaveTextContent('the contact has run_7 open in this automation');
    expect(screen.getByRole('link', { name: 'run_7' })).toHaveAttribute('href', '/runs/run_7');
    expect(screen.getByText('Earlier run')).toBeVisible();
  });

  it('are absent if every trigger opened a run', async () => {
    stack({
      '/v1/refusals': () => json({ items: [], nextCursor: null }),
      '/v1/refusals/counts': () => json({}, 404),
    });
    openConsole('/refusals');
    await screen.findByText('All good: every trigger that fired opened a run.');
    expect(screen.queryByRole('alert')).toBeNull();
  });
});
