import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RerunNode, RerunPreview } from '../../shared/api/types';
import nodeTypes from '../../test/nodeTypes.json';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, makeRunDetail, makeStep, ME, type Routes, serve } from '../../test/server';

const FAILED = makeRunDetail({
  status: 'FAILED',
  graph: {
    nodes: [
      { id: 'mail', type: 'SEND_MESSAGE', config: {} },
      { id: 'score', type: 'INTEGRATION', config: {} },
      { id: 'report', type: 'INTEGRATION', config: {} },
    ],
    edges: [
      { source: 'mail', target: 'score' },
      { source: 'score', target: 'report' },
    ],
  },
  steps: [
    makeStep({ nodeId: 'mail', type: 'SEND_MESSAGE', order: 1 }),
    makeStep({ nodeId: 'score', order: 2, status: 'FAILED' }),
  ],
});

const AT = '2026-03-01T10:00:01.000Z';

function nodes(scoreThen: string): RerunNode[] {
  return [
    {
      nodeId: 'mail',
      type: 'SEND_MESSAGE',
      action: 'REUSED',
      effects: [{ kind: 'EMAIL', status: 'SENT', at: AT, to: 'a•••@…', then: 'REUSE' }],
      effectCount: 1,
    },
    {
      nodeId: 'score',
      type: 'INTEGRATION',
      action: scoreThen === 'CHOOSE' ? 'UNDECIDED' : 'RUN',
      effects: [
        { kind: 'POST', status: 'OUTCOME_UNKNOWN', at: AT, to: 'https://crm.example', then: scoreThen },
      ],
      effectCount: 1,
    },
    { nodeId: 'report', type: 'INTEGRATION', action: 'RUN', effects: [], effectCount: 0 },
  ];
}

function preview({ body }: Call): RerunPreview {
  const asked = JSON.parse(body) as { from: string; effects: Record<string, { do: string }> };
  const chosen = asked.effects.score?.do;
  return {
    from: asked.from,
    version: 3,
    nodes: nodes(chosen ?? 'CHOOSE'),
    downstream: [{ automationId: 'atm_2', automationName: 'Thank you', fires: false }],
    problems: chosen
      ? []
      : [{ code: 'EFFECT_UNDECIDED', nodeId: 'score', message: 'an effect of score may have happened' }],
  };
}

function stack(more: Routes = {}, run = FAILED, role: 'OWNER' | 'MEMBER' | 'VIEWER' = 'OWNER') {
  return serve({
    '/v1/me': () => json({ ...ME, role }),
    '/v1/node-types': () => json({ items: nodeTypes, nextCursor: null }),
    '/v1/runs/run_1': () => json(run),
    '/v1/runs/run_1/rerun': (call) =>
      (JSON.parse(call.body) as { dryRun: boolean }).dryRun
        ? json(preview(call))
        : json({ runId: 'run_2', rerunOf: 'run_1', status: 'PENDING', duplicate: false }, 202),
    ...more,
  });
}

async function openDialog(address = '/runs/run_1') {
  const { user } = openConsole(address);
  await user.click(await screen.findByRole('button', { name: 'Rerun…' }));
  return { user, dialog: within(await screen.findByRole('dialog')) };
}

describe('the rerun of a run', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('begins at the failed node, and shows every node with its effects', async () => {
    const calls = stack();
    const { dialog } = await openDialog();
    const list = await dialog.findByRole('list', { name: 'What the rerun does' });
    expect(dialog.getByLabelText('From')).toHaveValue('score');
    const rows = [...list.children].map(({ textContent }) => textContent);
    expect(rows[0]).toMatch(/mail.*Reused.*to a•••@….*Sent.*does not happen again/);
    expect(rows[1]).toMatch(/score.*Needs your choice.*https:\/\/crm.example.*needs your choice/);
    expect(rows[2]).toMatch(/report.*Executed again.*No effects so far/);
    const sent = calls.filter(({ url }) => url.pathname.endsWith('/rerun'));
    expect(JSON.parse(sent[0]?.body ?? '')).toMatchObject({ from: 'score', version: 'SAME', dryRun: true });
  });

  it('needs a choice for an unknown effect, then opens the rerun and links to it', async () => {
    const calls = stack();
    const { user, dialog } = await openDialog();
    expect(await dialog.findByText(/An effect of score may have happened/)).toBeVisible();
    expect(dialog.getByRole('button', { name: 'Rerun' })).toBeDisabled();
    // It runs before the node where the rerun begins, so there is nothing to choose.
    expect(dialog.queryByLabelText('Effects of mail')).toBeNull();

    await user.selectOptions(dialog.getByLabelText('Effects of score'), 'REPEAT');
    await waitFor(() => {
      expect(dialog.getByRole('button', { name: 'Rerun' })).toBeEnabled();
    });
    expect(dialog.getByText('happens again')).toBeVisible();
    await user.type(dialog.getByLabelText('Reason'), 'The CRM is back');
    await user.click(dialog.getByLabelText('Also start the automations that follow this one'));
    await waitFor(() => {
      expect(dialog.getByRole('button', { name: 'Rerun' })).toBeEnabled();
    });
    await user.click(dialog.getByRole('button', { name: 'Rerun' }));
    expect(await dialog.findByRole('link', { name: 'Open the new run' })).toHaveAttribute(
      'href',
      '/runs/run_2',
    );
    const sent = calls.findLast(({ url }) => url.pathname.endsWith('/rerun'));
    const document: unknown = JSON.parse(sent?.body ?? '');
    expect(document).toMatchObject({
      from: 'score',
      effects: { score: { do: 'REPEAT' } },
      reason: 'The CRM is back',
      fireDownstream: true,
      dryRun: false,
    });
    expect(document).toHaveProperty('idempotencyKey');
  });

  it('shows a refused choice at its node, and keeps the list', async () => {
    const problem = 'mail has no recorded output; write the output that later nodes will read';
    stack({
      '/v1/runs/run_1/rerun': (call) =>
        call.body.includes('SUPPRESS')
          ? json({ title: 'Invalid', detail: problem, field: 'effects.score.output' }, 422)
          : json(preview(call)),
    });
    const { user, dialog } = await openDialog();
    await user.selectOptions(await dialog.findByLabelText('Effects of score'), 'SUPPRESS');
    expect(await dialog.findByText(/Mail has no recorded output/)).toBeVisible();
    expect(dialog.getByLabelText('Output of score')).toBeVisible();
    expect(dialog.getByRole('button', { name: 'Rerun' })).toBeDisabled();
  });

  it('sends an outcome and output for a suppressed node', async () => {
    const calls = stack();
    const { user, dialog } = await openDialog();
    await user.selectOptions(await dialog.findByLabelText('Effects of score'), 'SUPPRESS');
    await user.type(dialog.getByLabelText('Outcome of score'), 'ok');
    await user.click(dialog.getByLabelText('Output of score'));
    await user.paste('{"score": 7}');
    await waitFor(() => {
      expect(JSON.parse(calls.at(-1)?.body ?? '{}')).toMatchObject({
        effects: { score: { do: 'SUPPRESS', outcome: 'ok', output: { score: 7 } } },
      });
    });
    await user.clear(dialog.getByLabelText('Output of score'));
    await user.click(dialog.getByLabelText('Output of score'));
    await user.paste('seven');
    expect(await dialog.findByText('The output of score is invalid')).toBeVisible();
  });

  it('takes another body only from the start', async () => {
    const calls = stack();
    const { user, dialog } = await openDialog();
    expect(dialog.queryByLabelText('Change the event’s body')).toBeNull();
    await user.selectOptions(dialog.getByLabelText('From'), 'START');
    await user.click(dialog.getByLabelText('Change the event’s body'));
    const body = dialog.getByLabelText('Body');
    expect(body).toHaveValue(JSON.stringify({ orderId: '1009' }, null, 2));
    await user.clear(body);
    await user.click(body);
    await user.paste('{"orderId": "1010"}');
    await waitFor(() => {
      expect(JSON.parse(calls.at(-1)?.body ?? '{}')).toMatchObject({
        from: 'START',
        body: { orderId: '1010' },
      });
    });
  });

  it('lets only admins repeat a sent message', async () => {
    stack({}, FAILED, 'MEMBER');
    const { user, dialog } = await openDialog();
    await user.selectOptions(dialog.getByLabelText('From'), 'START');
    const repeat = within(await dialog.findByLabelText('Effects of mail')).getByRole('option', {
      name: 'Repeat (needs an admin)',
    });
    expect(repeat).toBeDisabled();
  });

  it('is not offered to viewers', async () => {
    stack({}, FAILED, 'VIEWER');
    openConsole('/runs/run_1');
    await screen.findByRole('region', { name: 'Steps' });
    expect(screen.queryByRole('button', { name: 'Rerun…' })).toBeNull();
  });
});

describe('a run and its reruns', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('link to each other', async () => {
    stack(
      {},
      makeRunDetail({
        rerunOf: 'run_0',
        recoveredBy: 'run_2',
        reruns: [{ runId: 'run_2', status: 'COMPLETED', createdAt: AT }],
      }),
    );
    openConsole('/runs/run_1');
    expect(await screen.findByRole('link', { name: 'run_0' })).toHaveAttribute('href', '/runs/run_0');
    const reruns = within(screen.getByRole('list', { name: 'Reruns of this run' }));
    expect(reruns.getByRole('link', { name: 'run_2' })).toHaveAttribute('href', '/runs/run_2');
    expect(reruns.getByRole('link', { name: 'Compare with run_2' })).toHaveAttribute(
      'href',
      '/runs/run_1/compare/run_2',
    );
    expect(screen.getByRole('link', { name: 'Compare' })).toHaveAttribute(
      'href',
      '/runs/run_0/compare/run_1',
    );
    expect(screen.getByText('Recovered by')).toBeVisible();
  });

  it('marks a reused step, and links to the run in which it ran', async () => {
    const reused = makeStep({ nodeId: 'mail', type: 'SEND_MESSAGE', order: 1, reusedFrom: 'run_0' });
    stack({}, makeRunDetail({ rerunOf: 'run_0', steps: [reused, makeStep({ order: 2 })] }));
    const { user } = openConsole('/runs/run_1');
    const step = await screen.findByRole('button', { name: /^Step \d mail/ });
    expect(step).toHaveTextContent('reused');
    expect(screen.getByRole('button', { name: /^Step \d score/ })).not.toHaveTextContent('reused');
    await user.click(step);
    expect(await screen.findByText(/Reused: the step ran in/)).toBeVisible();
  });

  it('skips the wait of a waiting run', async () => {
    const waiting = makeRunDetail({
      status: 'RUNNING',
      finishedAt: null,
      health: { state: 'WAITING', text: 'waiting' },
    });
    const calls = stack({ '/v1/runs/run_1/skip-wait': () => json(waiting) }, waiting);
    const { user } = openConsole('/runs/run_1');
    await user.click(await screen.findByRole('button', { name: 'Skip wait…' }));
    expect(screen.queryByRole('button', { name: 'Rerun…' })).toBeNull();
    await user.click(await screen.findByRole('button', { name: 'Skip the wait' }));
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    expect(calls.find(({ url }) => url.pathname.endsWith('/skip-wait'))?.method).toBe('POST');
  });
});
