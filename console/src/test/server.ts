/** A mocked `fetch` that answers like a stack, with the test's data. */

import { vi } from 'vitest';
import type { Me, Run, RunDetail, Step } from '../shared/api/types';

export const ME: Me = {
  userId: 'usr_1',
  email: 'owner@demo.example',
  mfa: false,
  workspaces: [{ id: 'ws_1', name: 'Demo', role: 'OWNER', requireMfa: false }],
  workspaceId: 'ws_1',
  role: 'OWNER',
  invitations: [],
};

export function makeRun(changes: Partial<Run> = {}): Run {
  return {
    id: 'run_1',
    status: 'COMPLETED',
    health: null,
    automationId: 'atm_1',
    automationName: 'Order paid',
    version: 3,
    attempt: 1,
    startError: null,
    trigger: { type: 'WEBHOOK' },
    contact: { id: 'con_1', email: 'ada@example.com', phone: null },
    createdAt: '2026-03-01T10:00:00.000Z',
    scheduledFor: null,
    startedAt: '2026-03-01T10:00:00.200Z',
    finishedAt: '2026-03-01T10:00:01.700Z',
    durationMs: 1500,
    error: null,
    errorGroup: null,
    canceled: null,
    at: [],
    ...changes,
  };
}

export function makeStep(changes: Partial<Step> = {}): Step {
  return {
    nodeId: 'score',
    type: 'INTEGRATION',
    status: 'COMPLETED',
    order: 1,
    startedAt: '2026-03-01T10:00:00.500Z',
    finishedAt: '2026-03-01T10:00:00.900Z',
    durationMs: 400,
    waitedMs: null,
    tries: null,
    outcome: null,
    branchesNotTaken: [],
    reason: null,
    waitUntil: null,
    input: null,
    output: {},
    evidence: null,
    request: null,
    response: null,
    error: null,
    deliveryIds: [],
    ...changes,
  };
}

export function makeRunDetail(changes: Partial<RunDetail> = {}): RunDetail {
  return {
    ...makeRun(),
    payload: { orderId: '1009' },
    graph: {},
    steps: [makeStep()],
    deliveries: [],
    upstream: null,
    downstream: [],
    ...changes,
  };
}

export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  const contentType = status < 400 ? 'application/json' : 'application/problem+json';
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': contentType, ...headers },
  });
}

export interface Call {
  method: string;
  url: URL;
  headers: Headers;
  body: string;
}

/** Routes by path; a path without a route fails the test. */
export type Routes = Record<string, (call: Call) => Response | Promise<Response>>;

/** Install the server; returns every call it got. */
export function serve(routes: Routes): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal('fetch', async (input: string, init: RequestInit = {}) => {
    const url = new URL(input, 'https://console.example');
    const call = {
      method: init.method ?? 'GET',
      url,
      headers: new Headers(init.headers),
      body: typeof init.body === 'string' ? init.body : '',
    };
    calls.push(call);
    const route = routes[url.pathname];
    if (!route) throw new Error(`No route for ${url.pathname}`);
    return route(call);
  });
  return calls;
}
