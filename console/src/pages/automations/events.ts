/** The events of an automation's webhook: captured ones, refusals and runs, newest first. */

import { plural, t } from '@lingui/core/macro';
import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import type {
  CapturedEvent,
  CapturedEvents,
  KeptEvent,
  Refusal,
  Run,
  SourcePreset,
} from '../../shared/api/types';
import { capitalize, formatWord } from '../../shared/ui/format';
import { type Facts, isFacts } from './sources';

const SHOWN = 10;
const POLL_MS = 10_000;
/** While events are captured. */
const CAPTURE_POLL_MS = 2_000;

export type Outcome = CapturedEvent['outcome'];

/** One event in the list of the test bench. */
export interface EventRow {
  /** Names the event in an address: `refusal:ref_1`. */
  key: string;
  at: string;
  outcome: Outcome;
  /** What happened, in words. */
  text: string;
  type: string | null;
  runIds: string[];
  refusalId: string | null;
  /** Whether its content can be read. */
  isKept: boolean;
}

/** The content of an event. */
export interface LoadedEvent {
  event: KeptEvent;
  /** What paths begin at. */
  document: unknown;
  type: string | null;
  id: string | null;
}

export function capturedEventsQuery(api: ApiClient, automationId: string) {
  return queryOptions({
    queryKey: ['automation', automationId, 'captured-events'],
    queryFn: ({ signal }) =>
      api.get('/v1/automations/{automation_id}/captured-events', {
        path: { automation_id: automationId },
        signal,
      }),
    refetchInterval: ({ state }) => (state.data?.capture ? CAPTURE_POLL_MS : POLL_MS),
  });
}

export function beginCapture(api: ApiClient, automationId: string) {
  return api.post('/v1/automations/{automation_id}/capture', { path: { automation_id: automationId } });
}

/** Sends an example of the sender, signed. The event counts as any other: it opens runs. */
export function sendSample(
  api: ApiClient,
  automationId: string,
  sample: SourcePreset['samples'][number] | undefined,
) {
  return api.post('/v1/automations/{automation_id}/sample', {
    path: { automation_id: automationId },
    body: sample
      ? { body: sample.body, contentType: sample.contentType, headers: sample.headers }
      : { headers: {} },
  });
}

export function lastRefusalsQuery(api: ApiClient, automationId: string) {
  return queryOptions({
    queryKey: ['automation', automationId, 'last-refusals'],
    queryFn: async ({ signal }) =>
      (await api.get('/v1/refusals', { query: { automationId, limit: SHOWN }, signal })).items,
    refetchInterval: POLL_MS,
  });
}

export function lastRunsQuery(api: ApiClient, automationId: string) {
  return queryOptions({
    queryKey: ['automation', automationId, 'last-runs'],
    queryFn: async ({ signal }) =>
      (await api.get('/v1/runs', { query: { automationId, limit: SHOWN }, signal })).items,
    refetchInterval: POLL_MS,
  });
}

function resultText({ outcome, status, message, runIds }: CapturedEvent): string {
  if (outcome === 'IGNORED') return t`the filter ignored the event`;
  if (outcome === 'ACCEPTED') {
    return plural(runIds.length, { one: 'opened a run', other: `opened ${runIds.length} runs` });
  }
  // A split event has a message for each of its elements.
  return message ?? t`no run was opened; the sender got ${status}`;
}

function capturedText(event: CapturedEvent): string {
  const result = resultText(event);
  return event.type === null ? capitalize(result) : `${event.type}: ${result}`;
}

function fromCaptured(event: CapturedEvent): EventRow {
  const { id, receivedAt, outcome, type, runIds, refusalId } = event;
  return {
    key: `captured:${id}`,
    at: receivedAt,
    outcome,
    text: capturedText(event),
    type,
    runIds,
    refusalId,
    isKept: true,
  };
}

function fromRefusal({ id, lastAt, reason, message, keptUntil, count }: Refusal): EventRow {
  const words = `${formatWord(reason)}: ${message}`;
  return {
    key: `refusal:${id}`,
    at: lastAt,
    outcome: 'REFUSED',
    text: count === 1 ? words : plural(count, { one: `${words}, once`, other: `${words}, ${count} times` }),
    type: null,
    runIds: [],
    refusalId: id,
    isKept: typeof keptUntil === 'string',
  };
}

function fromRun({ id, createdAt, status }: Run): EventRow {
  return {
    key: `run:${id}`,
    at: createdAt,
    outcome: 'ACCEPTED',
    text: t`Run: ${formatWord(status).toLowerCase()}`,
    type: null,
    runIds: [id],
    refusalId: null,
    isKept: true,
  };
}

/** The events in one list, newest first. A captured event takes the place of its run or refusal. */
export function eventRows(
  captured: readonly CapturedEvent[],
  refusals: readonly Refusal[],
  runs: readonly Run[],
): EventRow[] {
  const shown = captured.map(fromCaptured);
  const known = new Set(shown.flatMap(({ runIds, refusalId }) => [...runIds, refusalId]));
  const others = [...refusals.map(fromRefusal), ...runs.map(fromRun)].filter(
    ({ runIds, refusalId }) => !known.has(refusalId ?? runIds[0] ?? null),
  );
  return [...shown, ...others].sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

/** The fields of a form; a repeated name is a list. Null if the text is not a form. */
function formFields(text: string): Facts | null {
  const fields: Facts = {};
  try {
    for (const pair of text.split('&').filter((each) => each !== '')) {
      const [name = '', ...rest] = pair.split('=');
      const [key, value] = [decoded(name), decoded(rest.join('='))];
      const before = fields[key];
      fields[key] = before === undefined ? value : [before, value].flat();
    }
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
  return fields;
}

/** What paths and texts read of a body: a form's fields; a list as `items`, a scalar as `value`. */
export function documentOf(body: unknown, contentType: string | null): unknown {
  const isForm = contentType?.startsWith('application/x-www-form-urlencoded') ?? false;
  const fields = isForm && typeof body === 'string' ? formFields(body) : null;
  return fields ?? body;
}

/** The event as `{{trigger}}`. */
export function triggerBody(document: unknown): Facts {
  if (isFacts(document)) return document;
  return Array.isArray(document) ? { items: document } : { value: document };
}

function loaded(event: KeptEvent, type: string | null, id: string | null): LoadedEvent {
  return { event, document: documentOf(event.body, event.contentType), type, id };
}

function facts(value: unknown): Record<string, string> {
  const entries = isFacts(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.map(([name, each]) => [name, String(each)]));
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The content of a row's event; null if it is no longer there. */
export function eventQuery(
  api: ApiClient,
  key: string,
  captured: CapturedEvents | undefined,
) {
  const [kind, id = ''] = key.split(':');
  return queryOptions({
    queryKey: ['webhook-event', key, kind === 'captured' ? captured?.items.length : null],
    queryFn: async ({ signal }): Promise<LoadedEvent | null> => {
      if (kind === 'captured') {
        const found = captured?.items.find((each) => each.id === id);
        return found ? loaded(found, found.type, found.eventId) : null;
      }
      if (kind === 'refusal') {
        const path = { refusal_id: id };
        const { event } = await api.get('/v1/refusals/{refusal_id}', { path, signal });
        return event ? loaded(event, null, null) : null;
      }
      const run = await api.get('/v1/runs/{run_id}', { path: { run_id: id }, signal });
      const { headers, query, eventType, eventId } = run.trigger;
      const event: KeptEvent = {
        method: 'POST',
        headers: facts(headers),
        query: facts(query),
        contentType: null,
        format: 'JSON',
        body: run.payload,
        receivedAt: run.createdAt,
        truncated: false,
      };
      return loaded(event, textOrNull(eventType), textOrNull(eventId));
    },
    staleTime: Infinity,
  });
}

/** A sender's own example. */
export function sampleEvent({ contentType, headers, body }: SourcePreset['samples'][number]): LoadedEvent {
  const text = body.replaceAll('%ID%', 'evt_1001');
  const isJson = contentType.includes('json');
  const event: KeptEvent = {
    method: 'POST',
    headers,
    query: {},
    contentType,
    format: isJson ? 'JSON' : 'TEXT',
    body: isJson ? JSON.parse(text) : text,
    receivedAt: new Date().toISOString(),
    truncated: false,
  };
  return loaded(event, null, null);
}
