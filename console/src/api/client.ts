/** The one place that talks to `/v1`: bearer token, workspace header, problems as errors. */

import type { Session } from '../auth/session';
import { ApiError, fetchOrOffline, readProblem } from './problem';

export type Parameters = Record<string, string | number | null | undefined>;

export interface ApiClient {
  get: <Answer>(path: string, parameters?: Parameters, signal?: AbortSignal) => Promise<Answer>;
}

function withQuery(path: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

export function createClient(session: Session): ApiClient {
  function send(url: string, token: string, signal: AbortSignal | undefined): Promise<Response> {
    const headers: Record<string, string> = {
      Accept: 'application/json',
      Authorization: `Bearer ${token}`,
    };
    const workspaceId = session.workspaceId();
    if (workspaceId !== null) headers['X-Workspace-Id'] = workspaceId;
    return fetchOrOffline(url, { headers, signal: signal ?? null });
  }

  return {
    async get<Answer>(path: string, parameters: Parameters = {}, signal?: AbortSignal) {
      const url = withQuery(path, parameters);
      const token = await session.accessToken();
      let response = await send(url, token, signal);
      if (response.status === 401) {
        response = await send(url, await session.replaceToken(token), signal);
        if (response.status === 401) session.expire();
      }
      if (!response.ok) throw await readProblem(response);
      if (!(response.headers.get('content-type')?.includes('json') ?? false)) {
        throw new ApiError(502, 'The answer was not what the console expects', null, null);
      }
      return (await response.json()) as Answer;
    },
  };
}
