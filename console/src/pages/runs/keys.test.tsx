import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { openConsole, rememberTokens } from '../../test/render';
import { json, makeRun, makeRunDetail, ME, serve } from '../../test/server';

const KEYS = [
  { name: 'orderId', value: 'A-1001' },
  { name: 'customer', value: 'Grace & Sons' },
];
const NONE = () => json({ items: [], nextCursor: null });
const NOT_THERE = () => json({ detail: 'No' }, 404);

function open(address: string) {
  const calls = serve({
    '/v1/me': () => json(ME),
    '/v1/automations': NONE,
    '/v1/views': NONE,
    '/v1/failure-groups': NONE,
    '/v1/node-types': NONE,
    '/v1/runs': () => json({ items: [makeRun({ keys: KEYS })], nextCursor: null }),
    '/v1/runs/run_1': () => json(makeRunDetail({ keys: KEYS })),
    '/v1/runs/counts': NOT_THERE,
    '/v1/runs/stats': NOT_THERE,
  });
  return { calls, ...openConsole(address) };
}

describe('the keys of a run', () => {
  beforeEach(() => {
    rememberTokens();
  });

  it('stand in its expanded row, and lead to the runs that have them too', async () => {
    const { user, calls } = open('/runs');
    await user.click(await screen.findByRole('button', { name: 'Show the steps of run run_1' }));
    const keys = within(await screen.findByRole('list', { name: 'Keys' }));
    expect(keys.getAllByRole('listitem').map(({ textContent }) => textContent)).toEqual([
      'orderId A-1001',
      'customer Grace & Sons',
    ]);
    await user.click(keys.getByRole('link', { name: 'Grace & Sons' }));
    expect(screen.getByRole('searchbox', { name: 'Key' })).toHaveValue('customer:Grace & Sons');
    const asked = calls.filter(({ url }) => url.pathname === '/v1/runs').at(-1);
    expect(asked?.url.searchParams.get('key')).toBe('customer:Grace & Sons');
  });

  it('stand on its page', async () => {
    open('/runs/run_1');
    const keys = within(await screen.findByRole('list', { name: 'Keys' }));
    expect(keys.getByRole('link', { name: 'A-1001' })).toHaveAttribute(
      'href',
      '/runs?key=orderId%3AA-1001&range=30d',
    );
  });

  it('are a filter that can be typed and cleared', async () => {
    const { user } = open('/runs');
    const field = await screen.findByRole('searchbox', { name: 'Key' });
    await user.type(field, 'orderId:A-1001{Enter}');
    expect(window.location.search).toBe('?key=orderId%3AA-1001');
    await user.clear(field);
    expect(window.location.search).toBe('');
  });
});
