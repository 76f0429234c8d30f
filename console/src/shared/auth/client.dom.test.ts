import { describe, expect, it } from 'vitest';
import { CONFIG, rememberTokens } from '../../test/render';
import { json, type Routes, serve } from '../../test/server';
import { type ApiClient, createClient } from '../api/client';
import { ApiError, OfflineError } from '../api/problem';
import type { RunDetail, SegmentDocument } from '../api/types';
import { createSession } from './session';

function client(routes: Routes) {
  rememberTokens();
  const calls = serve(routes);
  const session = createSession(CONFIG);
  return { api: createClient(session), session, calls };
}

const CONTACT = { phone: '1', consents: { marketing: false, transactional: true } };

describe('the client', () => {
  it('sends the token, the workspace and only the parameters that are set', async () => {
    const { api, session, calls } = client({ '/v1/runs': () => json({ items: [] }) });
    session.chooseWorkspace('ws_2');
    await api.get('/v1/runs', {
      query: { status: ['FAILED', 'PENDING'], contact: null, limit: 50 },
    });
    expect(calls[0]?.url.search).toBe('?status=FAILED&status=PENDING&limit=50');
    expect(calls[0]?.headers.get('Authorization')).toBe('Bearer access');
    expect(calls[0]?.headers.get('X-Workspace-Id')).toBe('ws_2');
    expect(calls[0]?.headers.get('X-Runledger-Client')).toBe('console');
  });

  it('renews a refused token once and asks again', async () => {
    const { api } = client({
      '/v1/me': ({ headers }) =>
        headers.get('Authorization') === 'Bearer new' ? json({ email: 'a' }) : json({}, 401),
      '/cognito': () => json({ AuthenticationResult: { AccessToken: 'new', ExpiresIn: 3600 } }),
    });
    expect(await api.get('/v1/me', {})).toEqual({ email: 'a' });
  });

  it('ends the session when the renewed token is refused too', async () => {
    const { api, session, calls } = client({
      '/v1/me': () => json({}, 401),
      '/cognito': () => json({ AuthenticationResult: { AccessToken: 'new', ExpiresIn: 3600 } }),
    });
    await expect(api.get('/v1/me', {})).rejects.toThrow(ApiError);
    expect(session.state()).toBe('expired');
    expect(calls).toHaveLength(3);
  });

  it('reads problem documents', async () => {
    const { api } = client({
      '/v1/runs': () =>
        json({ title: 'Too many requests', detail: 'Slow down.' }, 429, { 'Retry-After': '7' }),
    });
    await expect(api.get('/v1/runs', {})).rejects.toMatchObject({
      status: 429,
      title: 'Too many requests',
      detail: 'Slow down.',
      retryAfterSeconds: 7,
    });
  });

  it('sends documents, and reads their problems', async () => {
    const { api, calls } = client({
      '/v1/contacts': () =>
        json({ title: 'Invalid input', detail: 'phone: too short', field: 'phone' }, 422),
      '/v1/secrets/KEY': () => new Response(null, { status: 204 }),
    });
    await expect(api.post('/v1/contacts', { body: CONTACT })).rejects.toMatchObject({
      problems: [{ field: 'phone', message: 'phone: too short' }],
    });
    expect(calls[0]).toMatchObject({ method: 'POST', body: JSON.stringify(CONTACT) });
    expect(calls[0]?.headers.get('Content-Type')).toBe('application/json');
    await expect(
      api.delete('/v1/secrets/{name}', { path: { name: 'KEY' } }),
    ).resolves.toBeUndefined();
    expect(calls[1]).toMatchObject({ method: 'DELETE', body: '' });
  });

  it('escapes parameters in paths and queries', async () => {
    const { api, calls } = client({
      '/v1/secrets/a%2Fb%20%3F': () => json({ name: 'a/b ?' }),
      '/v1/contacts': () => json({ items: [], nextCursor: null }),
    });
    await api.put('/v1/secrets/{name}', { path: { name: 'a/b ?' }, body: { value: 'x' } });
    await api.get('/v1/contacts', { query: { contact: '+49 151&limit=1' } });
    expect(calls.map(({ url }) => url.search)).toEqual(['', '?contact=%2B49+151%26limit%3D1']);
  });

  it('sends once: only a request that a stale token stopped is repeated', async () => {
    const { api, calls } = client({
      '/v1/contacts': () => json({ title: 'Down' }, 503),
      '/v1/segments': ({ headers }) =>
        headers.get('Authorization') === 'Bearer new' ? json({ id: 'seg_1' }, 201) : json({}, 401),
      '/cognito': () => json({ AuthenticationResult: { AccessToken: 'new', ExpiresIn: 3600 } }),
    });
    await expect(api.post('/v1/contacts', { body: CONTACT })).rejects.toMatchObject({ status: 503 });
    expect(calls).toHaveLength(1);
    const body: SegmentDocument = {
      name: 'VIP',
      match: 'ALL',
      rules: [{ kind: 'HAS_TAG', tag: 'vip' }],
    };
    expect((await api.post('/v1/segments', { body })).id).toBe('seg_1');
    const sent = calls.filter(({ url }) => url.pathname === '/v1/segments');
    expect(sent.map((call) => call.body)).toEqual([JSON.stringify(body), JSON.stringify(body)]);
  });

  it("does not read a proxy's page as an answer", async () => {
    const page = (status: number) => () =>
      new Response('<h1>Oops</h1>', { status, headers: { 'Content-Type': 'text/html' } });
    const { api } = client({ '/v1/me': page(502), '/v1/settings': page(200) });
    await expect(api.get('/v1/me', {})).rejects.toMatchObject({ status: 502, detail: null });
    await expect(api.get('/v1/settings', {})).rejects.toBeInstanceOf(ApiError);
  });

  it('reports that no answer came', async () => {
    const { api } = client({});
    await expect(api.get('/v1/me', {})).rejects.toBeInstanceOf(OfflineError);
  });
});

/** Never called. The compiler must refuse each line; otherwise it refuses the unused comment. */
export function refusedByTheCompiler(api: ApiClient) {
  const path = { run_id: 'run_1' };
  const filters = { automationId: 'atm_1', tab: 'all' };
  return [
    // @ts-expect-error unknown path
    api.get('/v1/rums', {}),
    // @ts-expect-error a path that only takes POST
    api.get('/v1/runs/cancel', {}),
    // @ts-expect-error a path without its parameter
    api.get('/v1/runs/{run_id}', {}),
    // @ts-expect-error wrong parameter name
    api.get('/v1/runs/{run_id}', { path: { ...path, runId: 'run_1' } }),
    // @ts-expect-error unknown query parameter
    api.get('/v1/runs', { query: { state: 'FAILED' } }),
    // @ts-expect-error unknown query parameter in a spread
    api.get('/v1/runs', { query: { ...filters, limit: 1 } }),
    // @ts-expect-error unknown status
    api.get('/v1/runs', { query: { status: ['LOST'] } }),
    // @ts-expect-error a call that takes no query
    api.get('/v1/me', { query: { limit: 1 } }),
    // @ts-expect-error a body without a required field
    api.post('/v1/runs/{run_id}/cancel', { path, body: {} }),
    // @ts-expect-error a body with an unknown field
    api.post('/v1/runs/{run_id}/cancel', { path, body: { reason: 'x', force: true } }),
    // @ts-expect-error wrong answer type
    api.get('/v1/runs', {}) satisfies Promise<RunDetail>,
  ];
}
