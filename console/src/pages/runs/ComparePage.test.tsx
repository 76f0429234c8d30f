import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Comparison } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { json, makeStep, ME, serve } from '../../test/server';

const RUN = {
  runId: 'run_1',
  automationId: 'atm_1',
  automationName: 'Order paid',
  version: 3,
  status: 'FAILED',
  createdAt: '2026-03-01T10:00:00.000Z',
  durationMs: 1500,
  rerunOf: null,
} as const;

const COMPARISON: Comparison = {
  a: RUN,
  b: { ...RUN, runId: 'run_2', status: 'COMPLETED', rerunOf: 'run_1' },
  payloadDifferences: [{ path: 'orderId', a: '1009', b: '1010' }],
  steps: [
    {
      nodeId: 'mail',
      a: makeStep({ nodeId: 'mail' }),
      b: makeStep({ nodeId: 'mail', reusedFrom: 'run_1' }),
      isEqual: true,
      differences: [],
      configDiffers: false,
    },
    {
      nodeId: 'score',
      a: makeStep({ status: 'FAILED' }),
      b: makeStep(),
      isEqual: false,
      differences: [
        { path: 'status', a: 'FAILED', b: 'COMPLETED' },
        { path: 'output.score', a: null, b: 7 },
      ],
      configDiffers: false,
    },
    {
      nodeId: 'report',
      a: null,
      b: makeStep({ nodeId: 'report' }),
      isEqual: false,
      differences: [{ path: '$', a: null, b: {} }],
      configDiffers: false,
    },
  ],
};

function shownSteps(view: { container: HTMLElement }): (string | undefined)[] {
  return [...view.container.querySelectorAll<HTMLElement>('li[data-step]')].map(
    ({ dataset }) => dataset.step,
  );
}

describe('two runs side by side', () => {
  beforeEach(() => {
    rememberTokens();
    serve({
      '/v1/me': () => json(ME),
      '/v1/runs/run_1/compare/run_2': () => json(COMPARISON),
      '/v1/runs/run_1/compare/run_9': () => json({ detail: 'No such run.' }, 404),
    });
  });

  it('are named as original and rerun, with the values that differ', async () => {
    openConsole('/runs/run_1/compare/run_2');
    expect(await screen.findByRole('region', { name: 'Original' })).toHaveTextContent('Failed');
    expect(screen.getByRole('region', { name: 'Rerun' })).toHaveTextContent('Completed');
    const score = within(screen.getByRole('region', { name: 'Differences of score' }));
    const rows = score.getAllByRole('row').map(({ textContent }) => textContent);
    expect(rows).toEqual(['ValueOriginalRerun', 'statusFAILEDCOMPLETED', 'output.scorenone7']);
    const events = screen.getByRole('region', { name: 'Differences of the events' });
    expect(events).toHaveTextContent('orderId10091010');
    expect(screen.getByText('not visited')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Step score in the Rerun' })).toHaveAttribute(
      'href',
      '/runs/run_2?step=score',
    );
  });

  it('show differences only, and the address keeps that', async () => {
    const { user, view } = openConsole('/runs/run_1/compare/run_2');
    const only = await screen.findByLabelText('Differences only');
    expect(shownSteps(view)).toEqual(['mail', 'score', 'report']);
    await user.click(only);
    expect(shownSteps(view)).toEqual(['score', 'report']);
    expect(window.location.search).toBe('?show=differences');
  });

  it('say that a run does not exist', async () => {
    openConsole('/runs/run_1/compare/run_9');
    expect(await screen.findByRole('heading', { name: 'Run not found' })).toBeVisible();
  });
});
