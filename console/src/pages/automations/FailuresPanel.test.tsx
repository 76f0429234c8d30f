import { screen, within } from '@testing-library/react';
import { beforeEach, expect, it } from 'vitest';
import { makeAutomation } from '../../test/automations';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';

const GROUP = {
  id: 'err_1',
  automationId: 'aut_1',
  nodeId: 'score',
  title: 'It answered 503',
  count: 34,
  isComplete: true,
  contacts: 30,
  lastSeenAt: '2026-03-01T10:00:00.000Z',
  status: 'OPEN',
  note: null as string | null,
};

function stack(role: 'MEMBER' | 'VIEWER', group = GROUP) {
  const none = () => json({ items: [], nextCursor: null });
  return serve({
    '/v1/me': () => json({ ...ME, role }),
    '/v1/automations/aut_1': () => json(makeAutomation({ status: 'ACTIVE', version: 1 })),
    '/v1/automations/aut_1/versions/1': () => json({ graph: { nodes: [], edges: [] } }),
    '/v1/automations/aut_1/versions': none,
    '/v1/runs': none,
    '/v1/runs/counts': () => json({ detail: 'Not here.' }, 404),
    '/v1/failure-groups': () => json({ items: [group], nextCursor: null }),
    '/v1/recoveries': () => json({ detail: 'No runs.', title: 'Not possible' }, 409),
  });
}

beforeEach(() => {
  rememberTokens();
});

it('offers to rerun the runs of a failure group, and previews exactly these', async () => {
  const calls = stack('MEMBER');
  const { user } = openConsole('/automations/aut_1');
  const failures = within(await screen.findByRole('region', { name: 'Failures, last 7 days' }));
  const button = await failures.findByRole('button', { name: /^Fixed\? Rerun/ });
  expect(button).toHaveTextContent('Fixed? Rerun 34 runs…');
  await user.click(button);
  const dialog = within(await screen.findByRole('dialog'));
  expect(await dialog.findByText('No runs.')).toBeVisible();
  expect(dialog.getByRole('button', { name: 'Rerun' })).toBeDisabled();
  const sent: unknown = JSON.parse(calls.find(({ method }) => method === 'POST')?.body ?? '');
  expect(sent).toMatchObject({ errorGroup: 'err_1', dryRun: true });
});

it('offers viewers no rerun of a failure group', async () => {
  stack('VIEWER');
  openConsole('/automations/aut_1');
  const failures = within(await screen.findByRole('region', { name: 'Failures, last 7 days' }));
  expect(failures.queryByRole('button')).toBeNull();
});

it('offers no rerun of a failure group that is resolved, and shows the note', async () => {
  stack('MEMBER', { ...GROUP, status: 'RESOLVED', note: 'Recovered by rcv_1: 34 runs completed.' });
  openConsole('/automations/aut_1');
  const failures = within(await screen.findByRole('region', { name: 'Failures, last 7 days' }));
  expect(await failures.findByText('Resolved')).toBeVisible();
  expect(failures.getByRole('listitem')).toHaveTextContent('Recovered by rcv_1');
  expect(failures.queryByRole('button')).toBeNull();
});
