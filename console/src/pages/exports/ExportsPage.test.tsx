import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Export } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';
import { exportState, filterWords } from './describe';

const LATER = new Date(Date.now() + 86_400_000).toISOString();

function makeExport(changes: Partial<Export> = {}): Export {
  return {
    id: 'exp_1',
    list: 'RUNS',
    format: 'CSV',
    filter: {
      status: ['FAILED'],
      reason: [],
      automationId: 'atm_1',
      contact: null,
      triggerType: [],
      errorGroup: null,
      channel: null,
      runId: null,
      address: null,
      from: null,
      to: '2026-03-01T10:00:00.000Z',
    },
    status: 'COMPLETED',
    rows: 1204,
    createdAt: '2026-03-01T10:00:00.000Z',
    requestedBy: 'ada@demo.example',
    finishedAt: '2026-03-01T10:01:00.000Z',
    expiresAt: LATER,
    url: '/files/exp_1',
    urlExpiresAt: LATER,
    error: null,
    ...changes,
  };
}

describe('the exports', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('do not ask for a role before the own one is known', async () => {
    serve({
      '/v1/me': () => new Promise<never>(() => undefined),
      '/v1/exports': () => json({ items: [], nextCursor: null }),
    });
    openConsole('/exports');
    expect(await screen.findByText('No exports yet')).toBeVisible();
    expect(screen.queryByText(/You need the Member role/)).toBeNull();
  });

  it('show their state, filters and times, and are downloaded while their file is kept', async () => {
    const items = [
      makeExport(),
      makeExport({ id: 'exp_2', status: 'RUNNING', rows: 500, url: null, list: 'REFUSALS' }),
      makeExport({ id: 'exp_3', status: 'FAILED', url: null, error: 'It took too long.' }),
    ];
    serve({
      '/v1/me': () => json(ME),
      '/v1/exports': () => json({ items, nextCursor: null }),
    });
    openConsole('/exports');
    const [first, second, third] = within(
      await screen.findByRole('list', { name: 'Exports, newest first' }),
    ).getAllByRole('listitem');
    expect(first).toHaveTextContent('Status: Failed · Automation: atm_1');
    expect(first).toHaveTextContent('Requested by ada@demo.example');
    expect(screen.getByRole('link', { name: 'Download Runs as CSV' })).toHaveAttribute(
      'href',
      '/files/exp_1',
    );
    expect(second).toHaveTextContent('In progress, 500 rows so far');
    expect(third).toHaveTextContent('It took too long.');
    expect(screen.getAllByRole('link', { name: /^Download/ })).toHaveLength(1);
  });

  it('say where exports begin if there are none', async () => {
    serve({
      '/v1/me': () => json({ ...ME, role: 'VIEWER' }),
      '/v1/exports': () => json({ items: [], nextCursor: null }),
    });
    openConsole('/exports');
    await screen.findByText('No exports yet');
    await screen.findByText(/You need the Member role/);
  });
});

it('an expired file is named as deleted', () => {
  const made = makeExport({ expiresAt: '2026-03-08T10:00:00.000Z' });
  expect(exportState(made, Date.parse('2026-03-08T09:00:00Z'))).toBe('1,204 rows');
  expect(exportState(made, Date.parse('2026-03-09T10:00:00Z'))).toBe(
    '1,204 rows. The file was deleted.',
  );
});

it('one row is not “rows”', () => {
  const states = (changes: Partial<Export>) =>
    ['2026-03-08T09:00:00Z', '2026-03-09T10:00:00Z'].map((now) =>
      exportState(makeExport({ expiresAt: '2026-03-08T10:00:00.000Z', rows: 1, ...changes }), Date.parse(now)),
    );
  expect(states({})).toEqual(['1 row', '1 row. The file was deleted.']);
  expect(states({ status: 'RUNNING' })[0]).toBe('In progress, 1 row so far');
});

it('only filters that are set are named', () => {
  const { filter } = makeExport();
  expect(filterWords(makeExport({ filter: { ...filter, status: [], automationId: null } }))).toEqual([]);
});
