import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeAutomation } from '../../test/automations';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';
import type { Activation, Automation } from './types';

const ASKED: Activation = {
  automationId: 'aut_1',
  version: 1,
  revision: 1,
  status: 'PENDING',
  problem: null,
  requestedAt: '2026-03-01T10:00:00.000Z',
  requestedBy: 'owner@demo.example',
  finishedAt: null,
  secret: null,
};
const DRAFT = makeAutomation();
const WAITING: Automation = { ...DRAFT, activation: ASKED };
const ACTIVE: Automation = {
  ...DRAFT,
  status: 'ACTIVE',
  version: 1,
  hasUnpublishedChanges: false,
  activation: { ...ASKED, status: 'ACTIVE', finishedAt: '2026-03-01T10:01:00.000Z' },
};
const NONE = () => json({ items: [], nextCursor: null });
const NOT_THERE = () => json({ detail: 'Counts are not available.' }, 404);

/** Answers the activation with 202, and later reads with the current value of `shown`. */
async function activate(shown: { now: Automation }, secret: string | null = null) {
  const own = '/v1/automations/aut_1';
  let asked = false;
  serve({
    '/v1/me': () => json(ME),
    [own]: () => json(asked ? shown.now : DRAFT),
    [`${own}/activate`]: () => {
      asked = true;
      return json({ ...WAITING, activation: { ...ASKED, secret } }, 202);
    },
    [`${own}/versions`]: NONE,
    '/v1/runs': NONE,
    '/v1/runs/counts': NOT_THERE,
    '/v1/failure-groups': NOT_THERE,
  });
  const { user } = openConsole('/automations/aut_1');
  await user.click(await screen.findByRole('button', { name: 'Activate' }));
  const dialog = await screen.findByRole('dialog');
  await user.click(within(dialog).getByRole('button', { name: 'Activate' }));
  return user;
}

describe('an activation that has to wait', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('is followed until the version is active', async () => {
    const shown = { now: WAITING };
    await activate(shown);
    expect((await screen.findAllByText('Version 1 is being activated')).length).toBeGreaterThan(0);
    shown.now = ACTIVE;
    await waitFor(() => { expect(screen.queryByRole('dialog')).toBeNull(); }, { timeout: 4_000 });
    expect(await screen.findByText('version 1')).toBeVisible();
    expect(screen.queryByText('Version 1 is being activated')).toBeNull();
  });

  it('shows the secret while it waits, and until the user has stored it', async () => {
    const shown = { now: WAITING };
    const user = await activate(shown, 'a secret of this test');
    expect(await screen.findByText('This secret is only shown once')).toBeVisible();
    shown.now = ACTIVE;
    expect(
      await screen.findByRole('dialog', { name: 'Automation activated' }, { timeout: 4_000 }),
    ).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'I have stored the secret' }));
    await waitFor(() => { expect(screen.queryByRole('dialog')).toBeNull(); });
  });

  it('says why it failed', async () => {
    const problem = { code: 'MACHINE_REFUSED', message: 'AWS did not make the state machine' };
    const failed: Activation = {
      ...ASKED,
      status: 'FAILED',
      problem: { ...problem, nodeId: null, edge: null, field: null },
    };
    await activate({ now: { ...DRAFT, activation: failed } });
    const dialog = await screen.findByRole('dialog');
    expect(
      await within(dialog).findByText(problem.message, undefined, { timeout: 4_000 }),
    ).toBeVisible();
  });
});
