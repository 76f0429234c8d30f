import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RefusalDetail, Role } from '../../shared/api/types';
import { makeKeptEvent, makeRefusal } from '../../test/events';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, ME, serve } from '../../test/server';

const PATH = '/v1/refusals/ref_1';

/** Serves the refusal, which `replay` may change. */
function open(shown: { now: RefusalDetail }, role: Role = 'OWNER', replay?: () => Response) {
  const calls = serve({
    '/v1/me': () => json({ ...ME, role }),
    [PATH]: () => json(shown.now),
    ...(replay && { [`${PATH}/replay`]: replay }),
  });
  return { calls, ...openConsole('/refusals/ref_1') };
}

function replays(calls: Call[]): Call[] {
  return calls.filter(({ url }) => url.pathname === `${PATH}/replay`);
}

describe('a refused event', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('is shown with its headers and body, and what went wrong in words', async () => {
    open({ now: makeRefusal() });
    expect(await screen.findByText(/no text at customer.email/)).toBeVisible();
    const body = within(screen.getByRole('group', { name: 'Body' }));
    expect(body.getByText('"grace@customer.example"')).toBeVisible();
    expect(body.queryByRole('button')).toBeNull();
    expect(screen.getByText('x-shop-event')).toBeInTheDocument();
    expect(screen.getByRole('link', { name: 'edit the trigger' })).toHaveAttribute(
      'href',
      '/automations/aut_1/edit?node=%24trigger',
    );
    expect(screen.getByRole('link', { name: 'Open it in the test bench' })).toHaveAttribute(
      'href',
      '/automations/aut_1?tab=test&event=refusal%3Aref_1',
    );
  });

  it('is replayed once, and then leads to its run', async () => {
    const shown = { now: makeRefusal() };
    const { calls, user } = open(shown, 'MEMBER', () => {
      shown.now = makeRefusal({
        replayedAt: '2026-03-01T11:00:00.000Z',
        replayedBy: 'member@demo.example',
        replayRunIds: ['run_9'],
      });
      return json({ runs: [{ runId: 'run_9', status: 'PENDING', duplicate: false }], refusal: null }, 202);
    });
    await user.click(await screen.findByRole('button', { name: 'Replay the event' }));
    expect(await screen.findByRole('link', { name: 'run_9' })).toHaveAttribute('href', '/runs/run_9');
    expect(screen.getByText(/member@demo.example/)).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Replay the event' })).toBeNull();
    expect(replays(calls)).toHaveLength(1);
  });

  it('that is refused again leads to the new refusal', async () => {
    const replayed = { replayedAt: '2026-03-01T11:00:00.000Z', replayedBy: 'a@b.example' };
    open({ now: makeRefusal({ ...replayed, replayRunIds: [], replayRefusalId: 'ref_2' }) });
    expect(await screen.findByRole('link', { name: 'ref_2' })).toHaveAttribute('href', '/refusals/ref_2');
  });

  it('whose replay was interrupted can be continued', async () => {
    open({ now: makeRefusal({ replayedAt: '2026-03-01T11:00:00.000Z', replayedBy: 'a@b.example' }) });
    expect(await screen.findByRole('button', { name: 'Continue the replay' })).toBeVisible();
  });

  it('shows why a replay was not accepted', async () => {
    const detail = 'The automation is PAUSED and accepts no events.';
    const { user } = open({ now: makeRefusal() }, 'OWNER', () =>
      json({ title: 'Conflict', status: 409, detail }, 409),
    );
    await user.click(await screen.findByRole('button', { name: 'Replay the event' }));
    expect(await screen.findByText(detail)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Replay the event' })).toBeEnabled();
  });

  it('cannot be replayed by a viewer', async () => {
    open({ now: makeRefusal() }, 'VIEWER');
    expect(await screen.findByText(/Member role is needed/)).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Replay the event' })).toBeNull();
    expect(screen.queryByRole('link', { name: 'edit the trigger' })).toBeNull();
  });

  it('that is not kept has neither body nor replay', async () => {
    open({ now: makeRefusal({ event: null, keptUntil: null, reason: 'BAD_SIGNATURE' }) });
    expect(await screen.findByText(/The event is not kept/)).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Replay the event' })).toBeNull();
  });

  it('is shown as text if it is not JSON, and says what is left out', async () => {
    const event = makeKeptEvent({ format: 'BINARY', body: 'a�b', truncated: true, query: { hub: '1' } });
    open({ now: makeRefusal({ event }) });
    expect(await screen.findByRole('region', { name: 'Body' })).toHaveTextContent('a�b');
    expect(screen.getByText(/Only the beginning/)).toBeVisible();
    expect(screen.getByText(/Bytes that are not characters/)).toBeVisible();
    expect(screen.getByText('Query parameters (1)')).toBeVisible();
  });
});
