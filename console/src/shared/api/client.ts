/**
 * The only place that calls `/v1`: it sends the token and workspace, and raises problems as errors.
 */

import { t } from '@lingui/core/macro';
import type { Call, Method } from './operations';
import { ApiError, fetchOrOffline, readProblem } from './problem';

/**
 * Calls a path of the OpenAPI document; `path` fills its braces. Documents are sent as JSON, blobs
 * as they are; an answer without a body is undefined. A call is only repeated after the token was renewed.
 */
export interface ApiClient {
  get: Call<'get'>;
  post: Call<'post'>;
  put: Call<'put'>;
  delete: Call<'delete'>;
}

/** The part of the session that the client needs: the token and the workspace. */
export interface Credentials {
  /** Returns a valid token; raises SessionExpiredError, OfflineError. */
  accessToken: () => Promise<string>;
  /** Called when the API refused `token`; renews it once for all requests at the same time. */
  replaceToken: (token: string) => Promise<string>;
  expire: () => void;
  /** The workspace that the user chose, if they have several. */
  workspaceId: () => string | null;
  forgetWorkspace: () => void;
}

const ME = '/v1/me';

type Value = string | number | boolean | null | undefined;

interface Given {
  path?: Record<string, string | number>;
  query?: Record<string, Value | readonly Value[]>;
  body?: unknown;
  signal?: AbortSignal;
}

/** The path with its parameters, and the query's values that are set; lists repeat the name. */
function addressOf(path: string, { path: values = {}, query = {} }: Given): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) {
      if (one !== null && one !== undefined) search.append(name, String(one));
    }
  }
  const text = search.toString();
  return text === '' ? filled : `${filled}?${text}`;
}

/** A document is sent as JSON, a part of a file as its bytes. */
function contentOf(body: unknown): RequestInit {
  if (body === undefined) return {};
  if (body instanceof Blob) {
    return { body, headers: { 'Content-Type': 'application/octet-stream' } };
  }
  return { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

async function readAnswer(response: Response): Promise<unknown> {
  if (!response.ok) throw await readProblem(response);
  if (response.status === 204) return undefined;
  if (!(response.headers.get('content-type')?.includes('json') ?? false)) {
    throw new ApiError(502, t`Unexpected answer from the server`, null, null);
  }
  return response.json();
}

export function createClient(session: Credentials): ApiClient {
  function attempt(url: string, token: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('Accept', 'application/json');
    headers.set('Authorization', `Bearer ${token}`);
    // The record of consents tells what a person did here from what a program did.
    headers.set('X-Runledger-Client', 'console');
    const workspaceId = session.workspaceId();
    if (workspaceId !== null) headers.set('X-Workspace-Id', workspaceId);
    return fetchOrOffline(url, { ...init, headers });
  }

  async function ask(url: string, init: RequestInit): Promise<unknown> {
    const token = await session.accessToken();
    let response = await attempt(url, token, init);
    if (response.status === 401) {
      response = await attempt(url, await session.replaceToken(token), init);
      if (response.status === 401) session.expire();
    }
    if (response.status === 404 && url === ME && session.workspaceId() !== null) {
      // The user is no longer a member of the chosen workspace: use their first one.
      session.forgetWorkspace();
      response = await attempt(url, token, init);
    }
    return readAnswer(response);
  }

  function calls<Verb extends Method>(verb: Verb): Call<Verb> {
    const call = (path: string, given: Given) =>
      ask(addressOf(path, given), {
        method: verb.toUpperCase(),
        signal: given.signal ?? null,
        ...contentOf(given.body),
      });
    // The only place that trusts the API to match its OpenAPI document; the API's tests ensure it.
    return call as Call<Verb>;
  }

  return { get: calls('get'), post: calls('post'), put: calls('put'), delete: calls('delete') };
}
