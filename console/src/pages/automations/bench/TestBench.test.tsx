import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { CapturedEvents, Role } from '../../../shared/api/types';
import { makeAutomation, makeWebhook } from '../../../test/automations';
import { makeCapturedEvent, makeRefusal } from '../../../test/events';
import nodeTypes from '../../../test/nodeTypes.json';
import { openConsole, rememberTokens } from '../../../test/render';
import { json, makeRun, makeRunDetail, ME, type Routes, serve } from '../../../test/server';
import presets from '../../../test/sourcePresets.json';

const OWN = '/v1/automations/aut_1';
const AUTOMATION = makeAutomation({
  status: 'ACTIVE',
  version: 1,
  triggerType: 'WEBHOOK',
  hasUnpublishedChanges: false,
  webhook: makeWebhook({ hasSecret: true }),
  nodes: [
    { id: 'start', type: 'TRIGGER', config: { triggerType: 'WEBHOOK' } },
    {
      id: 'thanks',
      type: 'SEND_MESSAGE',
      config: { channels: [{ channel: 'EMAIL', templateId: 'tpl_1' }] },
    },
    { id: 'done', type: 'END', config: {} },
  ],
});
const RUN = makeRun({ automationId: 'aut_1', createdAt: '2026-03-01T09:00:00.000Z' });
const page = (items: unknown[]) => () => json({ items, nextCursor: null });

function open(captured: { now: CapturedEvents }, routes: Routes = {}, role: Role = 'OWNER', tail = '') {
  const calls = serve({
    '/v1/me': () => json({ ...ME, role }),
    [OWN]: () => json(AUTOMATION),
    [`${OWN}/captured-events`]: () => json(captured.now),
    [`${OWN}/validate`]: () => json({ problems: [], warnings: [] }),
    '/v1/node-types': page(nodeTypes),
    '/v1/source-presets': page(presets),
    '/v1/refusals': page([makeRefusal()]),
    '/v1/refusals/ref_1': () => json(makeRefusal()),
    '/v1/runs': page([RUN]),
    '/v1/runs/run_1': () => json(makeRunDetail({ payload: { order: { id: 'A-7' } } })),
    '/v1/runs/counts': () => json({ detail: 'Counts are not available.' }, 404),
    '/v1/templates': page([]),
    '/v1/segments': page([]),
    ...routes,
  });
  return { calls, ...openConsole(`/automations/aut_1?tab=test${tail}`) };
}

const NONE: CapturedEvents = { items: [], capture: null };

async function eventsList() {
  return within(await screen.findByRole('list', { name: 'Last events' }));
}

describe('the test bench', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('lists accepted and refused events, and shows one with what it led to', async () => {
    const { user } = open({ now: NONE });
    const list = await eventsList();
    expect(list.getAllByRole('button').map((each) => each.dataset.event)).toEqual([
      'refusal:ref_1',
      'run:run_1',
    ]);
    await user.click(list.getByRole('button', { name: /Invalid payload/ }));
    expect(window.location.search).toBe('?tab=test&event=refusal%3Aref_1');
    expect(await screen.findByRole('link', { name: 'Refusal ref_1' })).toBeVisible();
    expect(await screen.findByText('"grace@customer.example"')).toBeVisible();
    await user.click(list.getByRole('button', { name: /Run: completed/ }));
    expect(await screen.findByText('"A-7"')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Run run_1' })).toHaveAttribute('href', '/runs/run_1');
  });

  it('captures for ten minutes, and shows what arrives', async () => {
    const captured = { now: NONE };
    const { user } = open(captured, {
      [`${OWN}/capture`]: () => {
        const capture = { until: new Date(Date.now() + 600_000).toISOString(), left: 20 };
        captured.now = { items: [makeCapturedEvent()], capture: { ...capture, left: 19 } };
        return json(capture);
      },
    });
    await user.click(await screen.findByRole('button', { name: 'Capture for ten minutes' }));
    expect(await screen.findByText('Events are being captured')).toBeVisible();
    expect(screen.getByText(/At most 19 more events are kept/)).toBeVisible();
    const list = await eventsList();
    // The captured event takes the place of its run.
    expect(list.getAllByRole('button').map((each) => each.dataset.event)).toContain('captured:cap_1');
    expect(list.queryByRole('button', { name: /Run: completed/ })).toBeNull();
    await user.click(list.getByRole('button', { name: /order.paid/i }));
    expect(await screen.findByText('Headers (2)')).toBeVisible();
  });

  it('copies the path of a field that is clicked', async () => {
    const { user } = open({ now: NONE }, {}, 'OWNER', '&event=refusal%3Aref_1');
    await user.click(await screen.findByRole('button', { name: /mail:/ }));
    expect(await screen.findByText('Copied the path buyer.mail.')).toBeVisible();
    expect(await navigator.clipboard.readText()).toBe('buyer.mail');
  });

  it('runs the automation now with the event', async () => {
    const { user } = open({ now: NONE }, {}, 'OWNER', '&event=refusal%3Aref_1');
    await user.click(await screen.findByRole('button', { name: 'Run now with this event' }));
    const dialog = within(await screen.findByRole('dialog'));
    expect(dialog.getByRole('textbox', { name: 'Payload' })).toHaveValue(
      JSON.stringify(makeRefusal().event?.body, null, 2),
    );
  });

  it('renders a message for the event', async () => {
    const preview = { channel: 'EMAIL', address: null, subject: 'Thank you', body: 'Order A-1', problems: [], gates: [] };
    const { user, calls } = open(
      { now: NONE },
      { '/v1/templates/tpl_1/preview': () => json(preview) },
      'OWNER',
      '&event=refusal%3Aref_1',
    );
    await user.selectOptions(await screen.findByRole('combobox', { name: 'Message' }), 'thanks');
    expect(await screen.findByText('Order A-1')).toBeVisible();
    const asked = calls.find(({ url }) => url.pathname.endsWith('/preview'));
    expect(JSON.parse(asked?.body ?? '')).toMatchObject({
      payload: { order: { id: 'A-1' } },
      event: { headers: { 'x-shop-event': 'order.paid' } },
    });
  });

  it('makes the editor’s example from an event, without anybody’s data', async () => {
    const { user, calls } = open({ now: NONE }, {}, 'OWNER', '&event=refusal%3Aref_1');
    await user.click(await screen.findByRole('link', { name: 'Use this event in the editor' }));
    const example = await screen.findByRole('textbox', { name: 'Sample event' });
    await waitFor(() => {
      expect(example).toHaveValue(
        JSON.stringify({ order: { id: 'text' }, buyer: { mail: 'ada@example.com' } }, null, 2),
      );
    });
    expect(window.location.search).toBe('?node=start');
    expect(screen.getByText('Unsaved changes')).toBeVisible();
    await waitFor(() => {
      const checked = calls.findLast(({ url }) => url.pathname.endsWith('/validate'));
      expect(checked?.body).toContain('sampleEvent');
    });
  });

  it('sends a signed sample of the sender, and shows the answer', async () => {
    const answer = { status: 422, contentType: 'application/problem+json', body: '{"detail": "no contact"}' };
    const { user, calls } = open({ now: NONE }, { [`${OWN}/sample`]: () => json(answer) });
    await user.click(await screen.findByRole('button', { name: 'Send a signed sample' }));
    expect(await screen.findByText('The webhook refused the sample: 422')).toBeVisible();
    expect(screen.getByRole('region', { name: 'Answer' })).toHaveTextContent('no contact');
    const sent = calls.find(({ url }) => url.pathname === `${OWN}/sample`);
    const own = presets.find(({ preset }) => preset === 'RUNLEDGER')?.samples[0];
    expect(JSON.parse(sent?.body ?? '')).toMatchObject({ body: own?.body });
  });

  it('lets a viewer look, but change nothing', async () => {
    open({ now: NONE }, {}, 'VIEWER', '&event=refusal%3Aref_1');
    expect(await screen.findByText('"grace@customer.example"')).toBeVisible();
    for (const name of ['Capture for ten minutes', 'Send a signed sample', 'Run now with this event']) {
      expect(screen.queryByRole('button', { name })).toBeNull();
    }
    expect(screen.queryByRole('link', { name: 'Use this event in the editor' })).toBeNull();
  });

  it('says that an event is no longer kept', async () => {
    open({ now: NONE }, { '/v1/refusals/ref_1': () => json(makeRefusal({ event: null })) }, 'OWNER', '&event=refusal%3Aref_1');
    expect(await screen.findByText('The event’s content is not kept.')).toBeVisible();
  });
});
