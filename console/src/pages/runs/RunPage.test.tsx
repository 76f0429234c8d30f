import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunDetail } from '../../shared/api/types';
import nodeTypes from '../../test/nodeTypes.json';
import { openConsole, rememberTokens } from '../../test/render';
import { json, makeRunDetail, makeStep, ME, serve } from '../../test/server';

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
    '/v1/node-types': () => json({ items: nodeTypes, nextCursor: null }),
    '/v1/runs/run_1': () => json(run),
    '/v1/runs/run_9': () => json({ detail: 'No such run.' }, 404),
  });
}

describe('one run', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('says which part of a damaged step cannot be read, and shows the others', async () => {
    const unreadable = 'Left out, because the stored values are damaged: output, error.';
    const damaged = makeStep({ order: 2, unreadable });
    const sound = makeStep({ nodeId: 'big', order: 1, output: { kept: 'yes' } });
    stack(makeRunDetail({ status: 'FAILED', steps: [sound, damaged] }));
    const { user } = openConsole('/runs/run_1');
    await user.click(await screen.findByRole('button', { name: new RegExp(damaged.nodeId) }));
    const notice = await screen.findByRole('alert');
    expect(notice).toHaveTextContent('Part of this step cannot be read');
    expect(notice).toHaveTextContent(unreadable);
    await user.click(screen.getByRole('button', { name: /^big/ }));
    expect(await screen.findByRole('region', { name: 'Output' })).toHaveTextContent('yes');
  });

  it('names the failed node and the error, and links to its step', async () => {
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
    expect(screen.getByRole('link', { name: 'dlv_1' })).toHaveAttribute('href', '/delivery-ops/dlv_1');
    expect(window.location.search).toBe('?step=score');
  });

  it('lists the steps in the order in which they were visited, with the names of their types', async () => {
    stack(FAILED);
    openConsole('/runs/run_1');
    const steps = within(await screen.findByRole('region', { name: 'Steps' }));
    await steps.findByText('Call a service');
    const names = steps.getAllByRole('button').map((button) => button.textContent);
    expect(names[0]).toMatch(/^big Condition.*outcome true/);
    expect(names[1]).toMatch(/^score Call a service/);
  });

  it('opens the step that a link names, and closes it again', async () => {
    stack(FAILED);
    const { user } = openConsole('/runs/run_1?step=big');
    expect(await screen.findByRole('region', { name: 'Evidence' })).toHaveTextContent('149.5');
    await user.click(screen.getByRole('button', { name: /^big/ }));
    expect(screen.queryByRole('region', { name: 'Evidence' })).toBeNull();
    expect(window.location.search).toBe('');
  });

  it('shows the input of a step, else its configuration', async () => {
    const config = { url: 'https://api.example.com/{{trigger.orderId}}' };
    const input = { url: 'https://api.example.com/1009' };
    const graph = {
      nodes: [
        { id: 'score', type: 'INTEGRATION', config },
        { id: 'again', type: 'INTEGRATION', config },
      ],
    };
    const steps = [makeStep({ input }), makeStep({ nodeId: 'again', order: 2 })];
    stack(makeRunDetail({ graph, steps }));
    openConsole('/runs/run_1?step=score&step=again');
    expect(await screen.findByRole('region', { name: 'Input' })).toHaveTextContent('/1009');
    const configuration = screen.getByRole('region', { name: 'Configuration' });
    expect(configuration).toHaveTextContent('{{trigger.orderId}}');
  });

  it('shows what opened the run at its trigger', async () => {
    const trigger = makeStep({ nodeId: 'start', type: 'TRIGGER' });
    stack(makeRunDetail({ steps: [trigger] }));
    openConsole('/runs/run_1?step=start');
    const steps = within(await screen.findByRole('region', { name: 'Steps' }));
    expect(steps.getByRole('region', { name: 'Opened by' })).toHaveTextContent('WEBHOOK');
    expect(steps.getByRole('region', { name: 'Input' })).toHaveTextContent('1009');
  });

  it('shows who canceled it and why', async () => {
    const at = '2026-03-01T10:00:03.000Z';
    stack(
      makeRunDetail({
        status: 'CANCELED',
        canceled: { by: 'owner@demo.example', reason: 'Wrong segment', at },
      }),
    );
    openConsole('/runs/run_1');
    const cancel = await screen.findByRole('region', { name: 'Canceled' });
    expect(cancel).toHaveTextContent('Canceled by owner@demo.example');
    expect(cancel).toHaveTextContent('Wrong segment');
  });

  it('is canceled with a reason by users with the role', async () => {
    const open = makeRunDetail({ status: 'RUNNING', finishedAt: null, durationMs: null });
    const calls = serve({
      '/v1/me': () => json(ME),
      '/v1/node-types': () => json({ items: nodeTypes, nextCursor: null }),
      '/v1/runs/run_1': () => json(open),
      '/v1/runs/run_1/cancel': () => json(open),
    });
    const { user } = openConsole('/runs/run_1');
    await user.click(await screen.findByRole('button', { name: 'Cancel…' }));
    const dialog = within(await screen.findByRole('dialog'));
    await user.type(dialog.getByLabelText('Reason'), 'Wrong segment');
    await user.click(dialog.getByRole('button', { name: 'Cancel run' }));
    await waitFor(() => {
      expect(screen.queryByRole('dialog')).toBeNull();
    });
    const sent = calls.find(({ url }) => url.pathname.endsWith('/cancel'));
    expect(sent).toMatchObject({ method: 'POST', body: '{"reason":"Wrong segment"}' });
  });

  it('moves to the next step, and the address changes with it', async () => {
    stack(FAILED);
    const { user } = openConsole('/runs/run_1?step=big');
    await user.click(await screen.findByRole('button', { name: 'Next step' }));
    expect(window.location.search).toBe('?step=score');
    await waitFor(() => {
      expect(screen.getByRole('button', { name: /^score/ })).toHaveFocus();
    });
    await user.keyboard('{ArrowUp}');
    expect(screen.getByRole('button', { name: /^big/ })).toHaveFocus();
  });

  it('marks removed secrets', async () => {
    const request = { headers: { Authorization: 'Bearer {{secret.KEY}}' }, body: '[redacted]' };
    stack(makeRunDetail({ steps: [makeStep({ request })] }));
    const { view } = openConsole('/runs/run_1?step=score');
    await screen.findByRole('region', { name: 'Request' });
    const marks = [...view.container.querySelectorAll('mark')].map(({ textContent }) => textContent);
    expect(marks).toEqual(['{{secret.KEY}}', '[redacted]']);
  });

  it('says that a run does not exist', async () => {
    stack(FAILED);
    openConsole('/runs/run_9');
    expect(
      await screen.findByRole('heading', { name: 'Run not found' }),
    ).toBeVisible();
  });
});
