import { screen, waitFor, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Stats } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { type Call, json, ME, serve } from '../../test/server';

const QUICK = { nodeId: 'note', type: 'SET', sampled: 40, p50Ms: 10, p95Ms: 20, p99Ms: 25, maxMs: 30, failed: 0 };
const SLOW = { nodeId: 'score', type: 'INTEGRATION', sampled: 40, p50Ms: 120, p95Ms: 2_500, p99Ms: 2_900, maxMs: 3_000, failed: 10 };

function stack(nodes: Stats['nodes']): Call[] {
  const stats: Partial<Stats> = { hours: [], nodes };
  return serve({
    '/v1/me': () => json(ME),
    '/v1/node-types': () => json({ items: [], nextCursor: null }),
    '/v1/automations/atm_1': () => json({ id: 'atm_1', name: 'Order paid', activation: null }),
    '/v1/automations/atm_1/versions': () =>
      json({ items: [{ version: 3 }, { version: 2 }], nextCursor: null }),
    '/v1/stats': () => json(stats),
  });
}

describe('the node timings', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('show the median, 95%, the slowest visit and the failed share of each node', async () => {
    stack([QUICK, SLOW]);
    openConsole('/automations/atm_1/timings');
    const row = within(await screen.findByRole('row', { name: /^score/ }));
    const cells = row.getAllByRole('cell').map(({ textContent }) => textContent);
    expect(cells).toEqual(['120 ms', '2.5 s', '3.0 s', '25%10 failed', '40']);
    expect(row.getByRole('link', { name: 'score' })).toHaveAttribute(
      'href',
      '/automations/atm_1?node=score',
    );
    expect(screen.getAllByRole('rowheader').map(({ textContent }) => textContent.slice(0, 4))).toEqual([
      'note',
      'scor',
    ]);
  });

  it('are asked for one version, and sorted by the slowest', async () => {
    const calls = stack([QUICK, SLOW]);
    const { user } = openConsole('/automations/atm_1/timings?range=30d');
    await screen.findByRole('option', { name: 'Version 2' });
    await user.selectOptions(screen.getByRole('combobox', { name: 'Version' }), '2');
    await user.selectOptions(screen.getByRole('combobox', { name: 'Order' }), 'slowest');
    expect(window.location.search).toBe('?range=30d&version=2&order=slowest');
    await waitFor(() => {
      const asked = calls.findLast(({ url }) => url.pathname === '/v1/stats')?.url.searchParams;
      expect(asked?.get('version')).toBe('2');
      expect(asked?.get('automationId')).toBe('atm_1');
    });
    await waitFor(() => {
      expect(screen.getAllByRole('rowheader')[0]).toHaveTextContent(/^score/);
    });
  });

  it('say where to look if no run has finished', async () => {
    stack([]);
    openConsole('/automations/atm_1/timings');
    await screen.findByText('No finished runs in this period');
    expect(screen.getByRole('link', { name: 'See the runs' })).toHaveAttribute(
      'href',
      '/runs?automationId=atm_1',
    );
  });
});
