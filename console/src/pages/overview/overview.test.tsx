import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Overview } from '../../shared/api/types';
import { browserZone } from '../../shared/ui/locale';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';

const AT = '2026-03-01T10:00:00.000Z';
const HOUR_AGO = '2026-03-01T09:00:00.001Z';
const DAY_AGO = '2026-02-28T10:00:00.000Z';

function count(number: number, isComplete = true) {
  return { count: number, isComplete };
}

function makeOverview(changes: Partial<Overview> = {}): Overview {
  return {
    at: AT,
    dayFrom: DAY_AGO,
    automations: count(3),
    activeAutomations: count(2),
    lastHour: {
      from: HOUR_AGO,
      to: AT,
      runs: 1204,
      failed: 9,
      open: 4,
      completed: 1190,
      canceled: 1,
      isComplete: true,
      usual: {
        runs: 980,
        failed: 2,
        hours: [
          { from: '2026-02-22T09:00:00.001Z', to: '2026-02-22T10:00:00.000Z', runs: 990, failed: 1 },
          { from: '2026-02-15T09:00:00.001Z', to: '2026-02-15T10:00:00.000Z', runs: 1, failed: 3 },
        ],
      },
    },
    openRuns: {
      total: 900,
      isTotalComplete: true,
      oldestAt: '2026-01-05T08:00:00.000Z',
      byHealth: { RUNNING: 7, WAITING: 490, QUEUED: 2, HELD: 0, SCHEDULED: 0, RETRYING: 1, OVERDUE: 3 },
      isComplete: false,
      isOverdueComplete: true,
    },
    openFailures: count(6),
    newestFailures: [],
    refusals: { counts: { NO_CONTACT: 5 }, total: 5, isComplete: true, freshness: AT },
    bounces: count(12),
    deadLetters: count(0),
    dateAutomations: count(1),
    nextFires: [
      {
        automationId: 'atm_1',
        automationName: 'Birthday',
        nextFireAt: '2026-03-02T08:00:00.000Z',
        timeZone: 'Europe/Berlin',
        isHeld: true,
      },
    ],
    measuredRuns: count(100, false),
    slowestNodes: [
      {
        automationId: 'atm_2',
        automationName: 'Order paid',
        nodeId: 'score',
        type: 'INTEGRATION',
        sampled: 90,
        p95Ms: 2400,
      },
    ],
    ...changes,
  };
}

function serveOverview(overview: Overview, me = ME): void {
  serve({
    '/v1/me': () => json(me),
    '/v1/overview': () => json(overview),
  });
}

function addressOf(link: HTMLElement): URL {
  return new URL(link.getAttribute('href') ?? '', 'https://console.example');
}

async function tile(group: string, label: string): Promise<HTMLElement> {
  const section = await screen.findByRole('region', { name: group });
  await waitFor(() => {
    within(section).getByRole('link', { name: label });
  });
  return within(section).getByRole('link', { name: label });
}

beforeEach(() => {
  rememberTokens();
});

describe('the overview', () => {
  it('is the first page, and asks in the viewer’s time zone', async () => {
    const asked: string[] = [];
    serve({
      '/v1/me': () => json(ME),
      '/v1/overview': ({ url }) => {
        asked.push(url.searchParams.get('timeZone') ?? '');
        return json(makeOverview());
      },
    });
    openConsole('/');
    expect(await screen.findByRole('heading', { name: 'Overview', level: 1 })).toBeVisible();
    expect(await screen.findByText('1,204')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Overview' })).toHaveAttribute('aria-current', 'page');
    expect(asked).toEqual([browserZone()]);
  });

  it('shows the last hour against the usual, and each earlier hour', async () => {
    serveOverview(makeOverview());
    openConsole('/');
    const runs = addressOf(await tile('Last hour', 'Runs'));
    expect(runs.pathname).toBe('/runs');
    expect(Object.fromEntries(runs.searchParams)).toEqual({ from: HOUR_AGO, to: AT });
    const failed = addressOf(await tile('Last hour', 'Failed'));
    expect(Object.fromEntries(failed.searchParams)).toEqual({
      from: HOUR_AGO,
      to: AT,
      status: 'FAILED',
    });
    expect(screen.getByText('Usually 980')).toBeVisible();
    expect(screen.getByText('Usually 2')).toBeVisible();
    const earlier = addressOf(screen.getByRole('link', { name: '1 run' }));
    expect(earlier.searchParams.get('to')).toBe('2026-02-15T10:00:00.000Z');
  });

  it('says when there is too little history', async () => {
    const { lastHour } = makeOverview();
    serveOverview(makeOverview({ lastHour: { ...lastHour, usual: null } }));
    openConsole('/');
    expect(await screen.findByText(/after two weeks of runs/)).toBeVisible();
    expect(screen.queryByText(/Usually/)).toBeNull();
  });

  it('leads from each number to its list', async () => {
    serveOverview(makeOverview());
    openConsole('/');
    const waiting = addressOf(await tile('Open now', 'Waiting'));
    expect(Object.fromEntries(waiting.searchParams)).toEqual({
      from: '2026-01-05T08:00:00.000Z',
      health: 'WAITING',
    });
    expect(screen.getByText('at least 490')).toBeInTheDocument();
    expect(screen.getByText('3').closest('p')).toHaveTextContent(/^3$/);
    const day = { from: DAY_AGO, to: AT };
    const lists: [string, string, Record<string, string>][] = [
      ['Open failure groups', '/failures', day],
      ['Refused events', '/refusals', day],
      ['Bounced messages', '/delivery-ops', { ...day, errorKind: 'BOUNCED' }],
      ['Dead-lettered messages', '/delivery-ops', { ...day, tab: 'dead-lettered' }],
    ];
    for (const [label, path, filters] of lists) {
      // oxlint-disable-next-line no-await-in-loop
      const address = addressOf(await tile('Last 24 hours', label));
      expect(address.pathname).toBe(path);
      expect(Object.fromEntries(address.searchParams)).toEqual(filters);
    }
  });

  it('shows the next fires and the slowest nodes, and how they were measured', async () => {
    serveOverview(makeOverview());
    openConsole('/');
    const fires = await screen.findByRole('list', { name: 'Date automations' });
    expect(within(fires).getByRole('link', { name: 'Birthday' })).toHaveAttribute(
      'href',
      '/automations/atm_1',
    );
    expect(within(fires).getByText(/^Held/)).toBeVisible();
    const nodes = screen.getByRole('list', { name: 'Slowest nodes' });
    expect(within(nodes).getByText('2.4 s')).toBeVisible();
    expect(screen.getByText(/newest finished runs only \(100 runs\)/)).toBeVisible();
  });

  it('leads a new workspace to its first automation', async () => {
    serveOverview(makeOverview({ automations: count(0) }));
    openConsole('/');
    const create = await screen.findByRole('link', { name: 'Create your first automation' });
    expect(create).toHaveAttribute('href', '/automations/new');
    expect(screen.queryByText('Last hour')).toBeNull();
  });

  it('offers a viewer no automation to create', async () => {
    serveOverview(makeOverview({ automations: count(0) }), { ...ME, role: 'VIEWER' });
    openConsole('/');
    expect(await screen.findByText(/An admin of the workspace/)).toBeVisible();
    expect(screen.queryByRole('link', { name: 'Create your first automation' })).toBeNull();
  });
});
