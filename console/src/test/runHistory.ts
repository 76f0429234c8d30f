import { screen, within } from '@testing-library/react';
import { json, makeRun, ME, type Routes, serve } from './server';

/** A run that failed at its call, without a contact. */
export const FAILED = makeRun({
  id: 'run_2',
  status: 'FAILED',
  contact: null,
  at: ['score'],
  error: { nodeId: 'score', kind: 'HTTP_STATUS', message: 'It answered 503', cause: null },
});

export const AUTOMATIONS = { items: [{ id: 'atm_1', name: 'Order paid' }], nextCursor: null };

export const NOT_THERE = () => json({ detail: 'No such run.' }, 404);

/** Serves the run history with two runs; `routes` add to its routes or replace them. */
export function serveRuns(routes: Routes = {}) {
  return serve({
    '/v1/me': () => json(ME),
    '/v1/runs/counts': NOT_THERE,
    '/v1/stats': NOT_THERE,
    '/v1/failure-groups': NOT_THERE,
    '/v1/automations': () => json(AUTOMATIONS),
    '/v1/runs': ({ url }) => {
      const runs = [makeRun(), FAILED];
      const status = url.searchParams.get('status');
      return json({
        items: runs.filter((run) => status === null || run.status === status),
        nextCursor: null,
      });
    },
    ...routes,
  });
}

/** The rows of the table of runs, without its head. */
export async function rows() {
  const table = await screen.findByRole('table', { name: /^Runs/ });
  return within(table).getAllByRole('row').slice(1);
}
