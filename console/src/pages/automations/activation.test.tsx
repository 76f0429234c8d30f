import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeAutomation } from '../../test/automations';
import nodeTypes from '../../test/nodeTypes.json';
import { openConsole, rememberTokens } from '../../test/render';
import { json, makeRun, makeRunDetail, ME, serve } from '../../test/server';
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

const BESIDES = {
  '/v1/automations/aut_1/versions': NONE,
  '/v1/node-types': () => json({ items: nodeTypes, nextCursor: null }),
  '/v1/runs': NONE,
  '/v1/runs/counts': NOT_THERE,
  '/v1/failure-groups': NOT_THERE,
};

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
    ...BESIDES,
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
    const user = await activate(shown);
    expect((await screen.findAllByText('Version 1 is being activated')).length).toBeGreaterThan(0);
    shown.now = ACTIVE;
    const done = await screen.findByRole('dialog', { name: 'Automation activated' }, { timeout: 4_000 });
    expect(within(done).getByText(/Version 1 of “Order paid” accepts events now/)).toBeVisible();
    await waitFor(() => { expect(within(done).getByRole('button', { name: 'Run now' })).toHaveFocus(); });
    await user.click(within(done).getByRole('button', { name: 'Not now' }));
    await waitFor(() => { expect(screen.queryByRole('dialog')).toBeNull(); });
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
    const done = await screen.findByRole('dialog', { name: 'Automation activated' });
    await user.click(await within(done).findByRole('button', { name: 'Run now' }));
    const run = await screen.findByRole('dialog', { name: 'Run “Order paid” now' });
    expect(within(run).getByText(/Runs version 1 for one contact/)).toBeVisible();
  });

  it('shows the problems of a refused draft in the words of the form', async () => {
    const problem = { code: 'LABEL_MISSING', message: "'start' has no edge for the outcome 'true'; add one.", nodeId: 'start', edge: null, field: null };
    serve({
      ...BESIDES,
      '/v1/me': () => json(ME),
      '/v1/automations/aut_1': () => json(DRAFT),
      '/v1/automations/aut_1/activate': () => json({ title: 'Invalid automation', detail: problem.message, problems: [problem] }, 422),
    });
    const { user } = openConsole('/automations/aut_1');
    await user.click(await screen.findByRole('button', { name: 'Activate' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.click(dialog.getByRole('button', { name: 'Activate' }));
    expect(await dialog.findByText('The draft has problems')).toBeVisible();
    expect(dialog.getByText(/Trigger “start” has no edge for the branch “true”; add one/)).toBeVisible();
  });

  it('names values that no recorded event had, before the draft is activated', async () => {
    const warning = {
      code: 'NOT_IN_SAMPLE',
      message: "In the body of template 'Thanks': `trigger.order.totl` has no value in the trigger's sample event; check the spelling, or add it to the sample.",
      nodeId: 'thanks',
      edge: null,
      field: 'channels.0.templateId',
    };
    const thanks = { id: 'thanks', type: 'SEND_MESSAGE', config: { channels: [{ channel: 'EMAIL', templateId: 'tpl_1' }] } };
    const draft = makeAutomation({ nodes: [...DRAFT.nodes, thanks] });
    const run = makeRun({ id: 'run_1', automationId: 'aut_1' });
    const calls = serve({
      ...BESIDES,
      '/v1/me': () => json(ME),
      '/v1/automations/aut_1': () => json(draft),
      '/v1/automations/aut_1/captured-events': () => json({ items: [], capture: null }),
      '/v1/automations/aut_1/validate': () => json({ problems: [], warnings: [warning] }),
      '/v1/refusals': NONE,
      '/v1/runs': () => json({ items: [run], nextCursor: null }),
      '/v1/runs/run_1': () => json(makeRunDetail({ payload: { order: { total: 12 } } })),
    });
    const { user } = openConsole('/automations/aut_1');
    await user.click(await screen.findByRole('button', { name: 'Activate' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(await dialog.findByText('Send message “thanks”, channel 1, template', undefined, { timeout: 4_000 })).toBeVisible();
    expect(dialog.getByText(/The body of the template “Thanks” uses the value trigger.order.totl. The last recorded event did not have this value. A run without this value fails./)).toBeVisible();
    const checked = calls.find(({ url }) => url.pathname.endsWith('/validate'));
    expect(JSON.parse(checked?.body ?? '')).toMatchObject({
      nodes: [{ config: { sampleEvent: { order: { total: 12 } } } }, {}, {}],
    });
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
