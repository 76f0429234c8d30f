/** The one place that talks to `/v1`: bearer token, workspace header, problems as errors. */

import type { Session } from '../auth/session';
import { ApiError, fetchOrOffline, readProblem } from './problem';

export type Parameters = Record<string, string | number | null | undefined>;

export type Method = 'POST' | 'PUT' | 'DELETE';

export interface ApiClient {
  get: <Answer>(path: string, parameters?: Parameters, signal?: AbortSignal) => Promise<Answer>;
  /** Sends JSON; an answer without a body is undefined. Never repeated but for a renewed token. */
  send: <Answer>(method: Method, path: string, body?: unknown) => Promise<Answer>;
}

function withQuery(path: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function readAnswer<Answer>(response: Response): Promise<Answer> {
  if (!response.ok) throw await readProblem(response);
  if (response.status === 204) return undefined as Answer;
  if (!(response.headers.get('content-type')?.includes('json') ?? false)) {
    throw new ApiError(502, 'The answer was not what the console expects', null, null);
  }
  return (await response.json()) as Answer;
}

export function createClient(session: Session): ApiClient {
  function attempt(url: string, token: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('Accept', 'application/json');
    headers.set('Authorization', `Bearer ${token}`);
    const workspaceId = session.workspaceId();
    if (workspaceId !== null) headers.set('X-Workspace-Id', workspaceId);
    return fetchOrOffline(url, { ...init, headers });
  }

  async function ask<Answer>(url: string, init: RequestInit): Promise<Answer> {
    const token = await session.accessToken();
    let response = await attempt(url, token, init);
    if (response.status === 401) {
      response = await attempt(url, await session.replaceToken(token), init);
      if (response.status === 401) session.expire();
    }
    return readAnswer<Answer>(response);
  }

  return {
    get: (path, parameters = {}, signal) =>
      ask(withQuery(path, parameters), { signal: signal ?? null }),
    send: (method, path, body) =>
      ask(path, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
      }),
  };
}
