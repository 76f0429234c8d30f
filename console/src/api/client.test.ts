import { describe, expect, it } from 'vitest';
import { createSession } from '../auth/session';
import { CONFIG, rememberTokens } from '../test/render';
import { json, type Routes, serve } from '../test/server';
import { createClient } from './client';
import { ApiError, OfflineError } from './problem';

function client(routes: Routes) {
  rememberTokens();
  const calls = serve(routes);
  const session = createSession(CONFIG);
  return { api: createClient(session), session, calls };
}

describe('the client', () => {
  it('sends the token, the workspace and only the parameters that are set', async () => {
    const { api, session, calls } = client({ '/v1/runs': () => json({ items: [] }) });
    session.chooseWorkspace('ws_2');
    await api.get('/v1/runs', { status: 'FAILED', contact: null, limit: 50 });
    expect(calls[0]?.url.search).toBe('?status=FAILED&limit=50');
    expect(calls[0]?.headers.get('Authorization')).toBe('Bearer access');
    expect(calls[0]?.headers.get('X-Workspace-Id')).toBe('ws_2');
  });

  it('renews a refused token once and asks again', async () => {
    const { api } = client({
      '/v1/me': ({ headers }) =>
        headers.get('Authorization') === 'Bearer new' ? json({ email: 'a' }) : json({}, 401),
      '/cognito': () => json({ AuthenticationResult: { AccessToken: 'new', ExpiresIn: 3600 } }),
    });
    expect(await api.get('/v1/me')).toEqual({ email: 'a' });
  });

  it('ends the session when the renewed token is refused too', async () => {
    const { api, session, calls } = client({
      '/v1/me': () => json({}, 401),
      '/cognito': () => json({ AuthenticationResult: { AccessToken: 'new', ExpiresIn: 3600 } }),
    });
    await expect(api.get('/v1/me')).rejects.toThrow(ApiError);
    expect(session.state()).toBe('expired');
    expect(calls).toHaveLength(3);
  });

  it('reads problem documents', async () => {
    const { api } = client({
      '/v1/runs': () =>
        json({ title: 'Too many requests', detail: 'Slow down.' }, 429, { 'Retry-After': '7' }),
    });
    await expect(api.get('/v1/runs')).rejects.toMatchObject({
      status: 429,
      title: 'Too many requests',
      detail: 'Slow down.',
      retryAfterSeconds: 7,
    });
  });

  it('sends documents, and reads what is wrong with them', async () => {
    const { api, calls } = client({
      '/v1/contacts': () =>
        json({ title: 'Invalid input', detail: 'phone: too short', field: 'phone' }, 422),
      '/v1/secrets/KEY': () => new Response(null, { status: 204 }),
    });
    await expect(api.send('POST', '/v1/contacts', { phone: '1' })).rejects.toMatchObject({
      problems: [{ field: 'phone', message: 'phone: too short' }],
    });
    expect(calls[0]).toMatchObject({ method: 'POST', body: '{"phone":"1"}' });
    expect(calls[0]?.headers.get('Content-Type')).toBe('application/json');
    await api.send('DELETE', '/v1/secrets/KEY');
    expect(calls[1]).toMatchObject({ method: 'DELETE', body: '' });
  });

  it("does not take a proxy's page for an answer", async () => {
    const page = (status: number) => () =>
      new Response('<h1>Oops</h1>', { status, headers: { 'Content-Type': 'text/html' } });
    const { api } = client({ '/v1/bad': page(502), '/v1/odd': page(200) });
    await expect(api.get('/v1/bad')).rejects.toMatchObject({ status: 502, detail: null });
    await expect(api.get('/v1/odd')).rejects.toBeInstanceOf(ApiError);
  });

  it('tells that nobody answered', async () => {
    const { api } = client({});
    await expect(api.get('/v1/me')).rejects.toBeInstanceOf(OfflineError);
  });
});
