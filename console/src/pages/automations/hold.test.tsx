import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeAutomation } from '../../test/automations';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';

const OWN = '/v1/automations/aut_1';
const ACTIVE = makeAutomation({ status: 'ACTIVE', version: 1, hasUnpublishedChanges: false });
const HELD = {
  ...ACTIVE,
  hold: { at: '2026-03-01T10:00:00.000Z', by: 'ada@demo.example', reason: 'The CRM is down' },
};
const NONE = () => json({ items: [], nextCursor: null });
const NOT_THERE = () => json({ detail: 'Counts are not available.' }, 404);

function stack(first = ACTIVE, role: 'OWNER' | 'MEMBER' | 'VIEWER' = 'MEMBER') {
  let shown: unknown = first;
  return serve({
    '/v1/me': () => json({ ...ME, role }),
    [OWN]: () => json(shown),
    [`${OWN}/hold`]: () => {
      shown = HELD;
      return json(shown);
    },
    [`${OWN}/release`]: () => {
      shown = ACTIVE;
      return json(shown);
    },
    [`${OWN}/versions`]: NONE,
    '/v1/automations': NONE,
    '/v1/runs': NONE,
    '/v1/runs/counts': NOT_THERE,
    '/v1/failure-groups': NOT_THERE,
  });
}

describe('a hold', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('begins with a reason, which the page then shows', async () => {
    const calls = stack();
    const { user } = openConsole('/automations/aut_1');
    await user.click(await screen.findByRole('button', { name: 'Hold…' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByLabelText('Reason'), 'The CRM is down');
    await user.click(dialog.getByRole('button', { name: 'Hold' }));
    expect(await screen.findByText('This automation is held')).toBeVisible();
    expect(screen.getByText('The CRM is down')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Pending runs' })).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Hold…' })).toBeNull();
    const sent = calls.find(({ url }) => url.pathname === `${OWN}/hold`);
    expect(sent).toMatchObject({ method: 'POST', body: '{"reason":"The CRM is down"}' });
  });

  it('ends at the chosen pace', async () => {
    const calls = stack(HELD);
    const { user } = openConsole('/automations/aut_1');
    await user.click(await screen.findByRole('button', { name: 'Release…' }));
    const dialog = within(await screen.findByRole('dialog'));
    const pace = dialog.getByLabelText('Held runs to start per minute');
    await user.clear(pace);
    expect(dialog.getByRole('button', { name: 'Release' })).toBeDisabled();
    await user.type(pace, '30');
    await user.click(dialog.getByRole('button', { name: 'Release' }));
    await waitFor(() => {
      expect(screen.queryByText('This automation is held')).toBeNull();
    });
    const sent = calls.find(({ url }) => url.pathname === `${OWN}/release`);
    expect(sent).toMatchObject({ method: 'POST', body: '{"ratePerMinute":30}' });
  });

  it.each([
    [20, 30, 'Held runs are being started', '20 of 30 started, 10 a minute.'],
    [20, null, 'Held runs are being started', '20 of more than 10,000 started, 10 a minute.'],
    [30, 30, 'The held runs were started', '30 of 30 started.'],
  ])('shows its release: %s of %s', async (started, total, title, text) => {
    const at = '2026-03-01T10:00:00.000Z';
    const release = { at, by: 'ada@demo.example', ratePerMinute: 10, started, total };
    stack({ ...ACTIVE, release });
    openConsole('/automations/aut_1');
    const notice = (await screen.findByText(title)).closest('[role=status]');
    expect(notice).toHaveTextContent(`${text} Released by ada@demo.example`);
    const bar = screen.queryByRole('progressbar', { name: 'Started runs' });
    expect(bar?.getAttribute('aria-valuenow') ?? null).toBe(
      total === null ? null : String((100 * started) / total),
    );
  });

  it('is shown to viewers, who can neither begin nor end it', async () => {
    stack(HELD, 'VIEWER');
    openConsole('/automations/aut_1');
    expect(await screen.findByText('This automation is held')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Release…' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Hold…' })).toBeNull();
  });
});
