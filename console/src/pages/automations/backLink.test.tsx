import { screen } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { makeAutomation } from '../../test/automations';
import nodeTypes from '../../test/nodeTypes.json';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';

const AUTOMATION = makeAutomation({
  status: 'ACTIVE',
  version: 1,
  triggerType: 'MANUAL',
  hasUnpublishedChanges: false,
  nodes: [
    { id: 'start', type: 'TRIGGER', config: { triggerType: 'MANUAL' } },
    { id: 'done', type: 'END', config: {} },
  ],
});
const NONE = () => json({ items: [], nextCursor: null });
const NOT_THERE = () => json({ detail: 'Counts are not available.' }, 404);

function stack() {
  const own = '/v1/automations/aut_1';
  return serve({
    '/v1/me': () => json(ME),
    '/v1/automations': () => json({ items: [AUTOMATION], nextCursor: null }),
    [own]: () => json(AUTOMATION),
    [`${own}/versions`]: NONE,
    [`${own}/validate`]: () => json({ problems: [], warnings: [] }),
    '/v1/node-types': () => json({ items: nodeTypes, nextCursor: null }),
    '/v1/runs': NONE,
    '/v1/runs/counts': NOT_THERE,
    '/v1/failure-groups': NOT_THERE,
    '/v1/templates': NONE,
    '/v1/segments': NONE,
  });
}

describe('the back link to the list of automations', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('keeps the filters through the editor, its views and unsaved work', async () => {
    stack();
    const { user } = openConsole('/automations?status=ACTIVE&search=order');
    await user.click(await screen.findByRole('link', { name: 'Order paid' }));
    await user.click(await screen.findByRole('link', { name: 'Versions' }));
    await user.click(await screen.findByRole('link', { name: 'Edit' }));
    await user.type(await screen.findByRole('textbox', { name: 'Name' }), '!');
    await user.click(screen.getByRole('link', { name: 'JSON' }));
    expect(window.location.search).toBe('?view=json');
    await user.click(screen.getByRole('link', { name: 'Automation' }));
    await user.click(await screen.findByRole('button', { name: 'Leave' }));
    await screen.findByRole('heading', { name: 'Order paid', level: 1 });
    expect(window.location.pathname + window.location.search).toBe('/automations/aut_1');
    const back = screen.getByRole('link', { name: 'Automations', current: false });
    expect(back).toHaveAttribute('href', '/automations?status=ACTIVE&search=order');
  });

  it('keeps the filters from the page of a new automation', async () => {
    stack();
    const { user } = openConsole('/automations?status=ACTIVE');
    await user.click(await screen.findByRole('link', { name: 'New automation' }));
    await screen.findByRole('textbox', { name: 'Name' });
    const back = screen.getByRole('link', { name: 'Automations', current: false });
    expect(back).toHaveAttribute('href', '/automations?status=ACTIVE');
  });
});
