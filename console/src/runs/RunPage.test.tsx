import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunDetail } from '../api/types';
import { openConsole, rememberTokens } from '../test/render';
import { json, makeRunDetail, makeStep, ME, serve } from '../test/server';

const ERROR = {
  nodeId: 'score',
  kind: 'HTTP_STATUS',
  message: 'It answered 503',
  cause: 'httpx.HTTPStatusError: 503',
};

const FAILED = makeRunDetail({
  status: 'FAILED',
  error: ERROR,
  steps: [
    makeStep({
      order: 2,
      status: 'FAILED',
      error: ERROR,
      request: { body: '<img src=x onerror=alert(1)>' },
      response: { status: 503 },
      deliveryIds: ['dlv_1'],
    }),
    makeStep({
      nodeId: 'big',
      type: 'CONDITION',
      order: 1,
      outcome: 'true',
      evidence: { value: 149.5 },
    }),
  ],
});

function stack(run: RunDetail) {
  serve({
    '/v1/me': () => json(ME),
    '/v1/runs/run_1': () => json(run),
    '/v1/runs/run_9': () => json({ detail: 'No such run.' }, 404),
  });
}

describe('one run', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('names the node that failed, why, and leads to its step', async () => {
    stack(FAILED);
    const { user, view } = openConsole('/runs/run_1');
    const error = await screen.findByRole('region', { name: 'Error' });
    expect(error).toHaveTextContent('Failed at score');
    expect(error).toHaveTextContent('httpx.HTTPStatusError: 503');

    await user.click(within(error).getByRole('link', { name: 'Open the step' }));
    const request = await screen.findByRole('region', { name: 'Request' });
    expect(request).toHaveTextContent('<img src=x onerror=alert(1)>');
    expect(view.container.querySelector('img[src="x"]')).toBeNull();
    expect(screen.getByRole('region', { name: 'Response' })).toHaveTextContent('503');
    expect(screen.getByText('dlv_1')).toBeVisible();
    expect(window.location.search).toBe('?step=score');
  });

  it('lists the steps in the order they were visited', async () => {
    stack(FAILED);
    openConsole('/runs/run_1');
    const steps = within(await screen.findByRole('region', { name: 'Steps' }));
    const names = steps.getAllByRole('button').map((button) => button.textContent);
    expect(names[0]).toMatch(/^big Condition.*outcome true/);
    expect(names[1]).toMatch(/^score Integration/);
  });

  it('opens the step a link names, and closes it again', async () => {
    stack(FAILED);
    const { user } = openConsole('/runs/run_1?step=big');
    expect(await screen.findByRole('region', { name: 'Evidence' })).toHaveTextContent('149.5');
    await user.click(screen.getByRole('button', { name: /^big/ }));
    expect(screen.queryByRole('region', { name: 'Evidence' })).toBeNull();
    expect(window.location.search).toBe('');
  });

  it('tells who canceled it and why', async () => {
    const at = '2026-03-01T10:00:03.000Z';
    stack(
      makeRunDetail({
        status: 'CANCELED',
        canceled: { by: 'owner@demo.example', reason: 'Wrong segment', at },
      }),
    );
    openConsole('/runs/run_1');
    const cancel = await screen.findByRole('region', { name: 'Cancel' });
    expect(cancel).toHaveTextContent('Canceled by owner@demo.example');
    expect(cancel).toHaveTextContent('Wrong segment');
  });

  it('says that a run is not there', async () => {
    stack(FAILED);
    openConsole('/runs/run_9');
    expect(
      await screen.findByRole('heading', { name: 'There is no such run in this workspace' }),
    ).toBeVisible();
  });
});
