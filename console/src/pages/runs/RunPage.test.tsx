import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunDetail } from '../../shared/api/types';
import nodeTypes from '../../test/nodeTypes.json';
import { openConsole, rememberTokens } from '../../test/render';
import { json, makeRun, makeRunDetail, makeStep, ME, serve } from '../../test/server';

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
      tries: 3,
      request: {
        method: 'POST',
        url: 'https://api.partner/score?a=1',
        headers: { Authorization: 'Bearer {{secret.SCORE_KEY}}', 'X-Empty': '' },
        query: {},
        size: 30,
        body: '<img src=x onerror=alert(1)>',
      },
      response: {
        status: 503,
        headers: { 'retry-after': '120' },
        size: 4,
        truncated: false,
        durationMs: 120,
        body: 'busy',
      },
      input: { method: 'POST', url: 'https://api.partner/score?a=1', timeoutSeconds: 10 },
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
    await user.click(screen.getByRole('button', { name: /^Step 1 big/ }));
    expect(await screen.findByRole('region', { name: 'Output' })).toHaveTextContent('yes');
  });

  it('says in words which step failed, and links to it', async () => {
    stack(FAILED);
    const { user, view } = openConsole('/runs/run_1');
    const error = within(await screen.findByRole('region', { name: 'Error' }));
    const words = 'POST api.partner/score → 503 in 120 ms, 3 tries';
    expect(error.getByRole('heading', { name: words })).toBeVisible();
    expect(await error.findByText('Failed at step 2, score (Call a service)')).toBeVisible();
    expect(error.getByText('It answered 503')).toBeVisible();
    expect(error.getByText('httpx.HTTPStatusError: 503')).toBeVisible();

    await user.click(error.getByRole('link', { name: 'Open the step' }));
    await user.click(await screen.findByRole('tab', { name: 'Request' }));
    const request = await screen.findByRole('region', { name: 'Body of the request' });
    expect(request).toHaveTextContent('<img src=x onerror=alert(1)>');
    expect(view.container.querySelector('img[src="x"]')).toBeNull();
    expect(screen.getByRole('link', { name: 'dlv_1' })).toHaveAttribute('href', '/delivery-ops/dlv_1');
    expect(window.location.search).toBe('?step=score');
  });

  it('says why a step without a call failed', async () => {
    const error = { nodeId: 'bad', kind: 'STOP_ERROR', message: 'The order is too small', cause: null };
    const step = makeStep({ nodeId: 'bad', type: 'STOP_ERROR', status: 'FAILED', error });
    stack(makeRunDetail({ status: 'FAILED', error, steps: [step] }));
    openConsole('/runs/run_1');
    const panel = within(await screen.findByRole('region', { name: 'Error' }));
    expect(panel.getByRole('heading', { name: 'The order is too small' })).toBeVisible();
  });

  it('numbers the steps in the order in which they were visited, with the names of their types', async () => {
    stack(FAILED);
    openConsole('/runs/run_1');
    const steps = within(await screen.findByRole('region', { name: 'Steps' }));
    await steps.findByText('Call a service');
    const names = steps
      .getAllByRole('button', { expanded: false })
      .map((button) => button.textContent);
    expect(names[0]).toMatch(/^Step 1 big Condition.*took 400 ms.*outcome true/);
    expect(names[1]).toMatch(/^Step 2 score Call a service.*took 400 ms.*→ 503 in 120 ms, 3 tries/);
  });

  it('shows the response and the request of a call in tabs, and repeats nothing', async () => {
    stack(FAILED);
    const { user } = openConsole('/runs/run_1?step=score');
    const tabs = within(await screen.findByRole('tablist', { name: 'The call' }));
    expect(tabs.getAllByRole('tab').map(({ textContent }) => textContent)).toEqual([
      'Response 503',
      'Request',
      'Settings',
    ]);
    expect(screen.getByRole('region', { name: 'Body of the response' })).toHaveTextContent('busy');
    const headers = within(screen.getByRole('region', { name: 'Headers of the response' }));
    expect(headers.getByRole('row', { name: 'retry-after 120' })).toBeVisible();

    await user.click(tabs.getByRole('tab', { name: 'Response 503' }));
    await user.keyboard('{ArrowRight}');
    expect(tabs.getByRole('tab', { name: 'Request' })).toHaveFocus();
    const sent = within(screen.getByRole('region', { name: 'Headers of the request' }));
    expect(sent.getByRole('row', { name: 'Authorization Bearer {{secret.SCORE_KEY}}' })).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Copy as curl' }));
    expect(await navigator.clipboard.readText()).toContain("'Authorization: Bearer {{secret.SCORE_KEY}}'");

    await user.keyboard('{Shift>}{Tab}{/Shift}{ArrowRight}');
    expect(screen.getByRole('region', { name: 'Settings' })).toHaveTextContent('{ "timeoutSeconds": 10 }');
    expect(screen.queryByRole('region', { name: 'Input' })).toBeNull();
  });

  it('calls the values from the response captured fields, and shows their paths', async () => {
    const step = makeStep({
      request: { method: 'GET', url: 'https://api.partner/score', headers: {}, query: {} },
      response: { status: 200, headers: {}, size: 9, durationMs: 80, body: { data: { score: 87 } } },
      input: { capture: { score: 'data.score', tier: { path: 'data.tier', default: 'basic' } } },
      output: { score: 87, tier: 'basic' },
    });
    stack(makeRunDetail({ steps: [step] }));
    openConsole('/runs/run_1?step=score');
    expect(await screen.findByRole('heading', { name: 'Captured fields' })).toBeVisible();
    expect(screen.getByRole('row', { name: 'score 87 data.score' })).toBeVisible();
    expect(screen.getByRole('row', { name: 'tier basic data.tier' })).toBeVisible();
    expect(screen.queryByRole('region', { name: 'Output' })).toBeNull();
  });

  it('links a closed step to its messages', async () => {
    const message = { id: 'dlv_7', nodeId: 'mail', path: '/v1/deliveries/dlv_7' };
    stack(
      makeRunDetail({
        steps: [makeStep({ nodeId: 'mail', type: 'SEND_MESSAGE', deliveryIds: ['dlv_7'] })],
        deliveries: [{ ...message, status: 'SENT', channel: 'EMAIL', address: 'ada@example.com' }],
      }),
    );
    openConsole('/runs/run_1');
    const link = await screen.findByRole('link', { name: 'E-mail to ada@example.com' });
    expect(link).toHaveAttribute('href', '/delivery-ops/dlv_7');
  });

  it('searches a long trace, and goes to its failed steps one after the other', async () => {
    const steps = Array.from({ length: 40 }, (_, index) =>
      makeStep({ nodeId: `node${index}`, order: index + 1, type: 'SET' }),
    );
    for (const at of [11, 30]) {
      steps[at] = makeStep({ nodeId: `node${at}`, order: at + 1, status: 'FAILED', error: ERROR });
    }
    stack(makeRunDetail({ status: 'FAILED', error: ERROR, steps }));
    const { user } = openConsole('/runs/run_1');
    await user.type(await screen.findByRole('searchbox', { name: 'Find a step' }), 'call failed');
    expect(screen.getByText('2 of 40 steps')).toBeVisible();
    const next = screen.getByRole('button', { name: 'Go to the next of 2 failed steps' });
    for (const at of [11, 30, 11]) {
      await user.click(next);
      await waitFor(() => {
        expect(screen.getByRole('button', { name: new RegExp(`node${at} `) })).toHaveFocus();
      });
    }
    expect(screen.getByText('40 steps')).toBeVisible();
    expect(window.location.search).toBe('?step=node11&step=node30');
  });

  it('opens the step that a link names, and closes it again', async () => {
    stack(FAILED);
    const { user } = openConsole('/runs/run_1?step=big');
    expect(await screen.findByRole('region', { name: 'Evidence' })).toHaveTextContent('149.5');
    await user.click(screen.getByRole('button', { name: /^Step 1 big/ }));
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

  it('shows what opened the run once, below the steps', async () => {
    const trigger = makeStep({ nodeId: 'start', type: 'TRIGGER' });
    stack(makeRunDetail({ steps: [trigger] }));
    openConsole('/runs/run_1?step=start');
    const steps = within(await screen.findByRole('region', { name: 'Steps' }));
    expect(steps.getByText('The event that opened the run is shown below the steps.')).toBeVisible();
    expect(screen.getByRole('region', { name: 'Trigger' })).toHaveTextContent('WEBHOOK');
    expect(screen.getAllByText(/1009/)).toHaveLength(1);
  });

  it('leads to the editor and to the test bench with its event', async () => {
    stack(FAILED);
    openConsole('/runs/run_1');
    const event = within(await screen.findByRole('region', { name: 'Event' }));
    expect(event.getByRole('link', { name: 'Open this event in the editor' })).toHaveAttribute(
      'href',
      '/automations/atm_1/edit?node=%24trigger&example=run%3Arun_1',
    );
    expect(event.getByRole('link', { name: 'Open this event in the test bench' })).toHaveAttribute(
      'href',
      '/automations/atm_1?tab=test&event=run%3Arun_1',
    );
  });

  it('is compared with another run of its automation in two clicks', async () => {
    const completed = makeRun({ id: 'run_2' });
    const failed = makeRun({ id: 'run_3', status: 'FAILED', error: ERROR });
    serve({
      '/v1/me': () => json({ ...ME, role: 'VIEWER' }),
      '/v1/node-types': () => json({ items: nodeTypes, nextCursor: null }),
      '/v1/runs/run_1': () => json(FAILED),
      '/v1/runs': ({ url }) => {
        const items = url.searchParams.get('status') === null ? [FAILED, failed, completed] : [completed];
        return json({ items, nextCursor: null });
      },
      '/v1/runs/run_1/compare/run_2': () => json({ detail: 'No such run.' }, 404),
    });
    const { user } = openConsole('/runs/run_1');
    await user.click(await screen.findByRole('button', { name: 'Compare…' }));
    const last = within(await screen.findByRole('list', { name: 'Last runs' }));
    expect(last.getAllByRole('link').map((link) => link.getAttribute('aria-label'))).toEqual([
      'ada@example.com, run run_3',
    ]);
    const done = within(screen.getByRole('list', { name: 'Last completed runs' }));
    await user.click(done.getByRole('link', { name: 'ada@example.com, run run_2' }));
    expect(window.location.pathname).toBe('/runs/run_1/compare/run_2');
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
      expect(screen.getByRole('button', { name: /^Step 2 score/ })).toHaveFocus();
    });
    await user.keyboard('{ArrowUp}');
    expect(screen.getByRole('button', { name: /^Step 1 big/ })).toHaveFocus();
  });

  it('marks removed secrets', async () => {
    const request = {
      method: 'POST',
      url: 'https://api.partner/score',
      headers: { Authorization: 'Bearer {{secret.KEY}}' },
      query: {},
      body: '[redacted]',
    };
    stack(makeRunDetail({ steps: [makeStep({ request })] }));
    const { view } = openConsole('/runs/run_1?step=score');
    await screen.findByRole('region', { name: 'Body of the request' });
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
