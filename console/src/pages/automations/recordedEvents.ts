/** Warns of values that a text needs and that no recorded event of the automation had. */

import { plural, t } from '@lingui/core/macro';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ApiClient } from '../../shared/api/client';
import { nullIfMissing } from '../../shared/api/queries';
import { useServices } from '../../shared/auth/services';
import { type AutomationDocument, toWire } from './editor/document';
import { validate } from './editor/problems';
import {
  capturedEventsQuery,
  eventQuery,
  eventRows,
  lastRefusalsQuery,
  lastRunsQuery,
  triggerBody,
} from './events';
import { partOf } from './pickedPart';
import type { ReportedProblem } from './problemWords';
import { type Facts, intakeOf, isFacts } from './sources';
import { triggerOf } from './webhook';

/** How many events are read. */
const READ = 5;
/** The API takes a sample of 20,000 bytes. */
const MAX_SAMPLE_CHARACTERS = 19_000;
const MAX_TEXT = 200;
const MAX_ITEMS = 3;
const DEBOUNCE_MS = 600;
const STALE_MS = 60_000;

/** The last events of an automation whose content is kept, newest first, as `{{trigger}}`. */
function recordedEventsQuery(api: ApiClient, id: string, intake: Facts | null) {
  return queryOptions({
    queryKey: ['automation', id, 'recorded-events', intake],
    queryFn: async ({ client }): Promise<Facts[]> => {
      const [captured, refusals, runs] = await Promise.all([
        intake && client.query(capturedEventsQuery(api, id)),
        client.query(lastRefusalsQuery(api, id)),
        client.query(lastRunsQuery(api, id)),
      ]);
      const rows = eventRows(captured?.items ?? [], refusals, runs);
      const kept = rows.filter(({ isKept }) => isKept).slice(0, READ);
      const loaded = await Promise.all(
        // An event may expire between the two reads.
        kept.map(({ key }) => nullIfMissing(client.query(eventQuery(api, key, captured ?? undefined)))),
      );
      return loaded.flatMap((each) =>
        each === null || each.document === null
          ? []
          : [triggerBody(partOf(each.document, 'RUN', intake ?? {}).value)],
      );
    },
    staleTime: STALE_MS,
  });
}

/** One value with everything that the two have; the first wins. */
function merged(one: unknown, other: unknown): unknown {
  if (one === null || one === undefined) return other;
  if (Array.isArray(one) && Array.isArray(other)) {
    const length = Math.max(one.length, other.length);
    return Array.from({ length }, (_, index) => merged(one[index], other[index]));
  }
  if (!isFacts(one) || !isFacts(other)) return one;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, merged(one[name], other[name])]));
}

/** The value without what only makes it large. */
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, MAX_TEXT);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(shortened);
  if (!isFacts(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shortened(each)]));
}

export interface MergedEvents {
  sample: Facts;
  /** How many events it has the values of. */
  count: number;
}

/** As many of the events as fit in one sample, in one; null if there are none. */
export function mergeEvents(events: readonly Facts[]): MergedEvents | null {
  for (let count = events.length; count > 0; count -= 1) {
    const sample = events.slice(0, count).map(shortened).reduce(merged) as Facts;
    if (JSON.stringify(sample).length <= MAX_SAMPLE_CHARACTERS) return { sample, count };
  }
  return null;
}

/** Whether the document has a text that may read the event. */
function readsEvents({ nodes }: AutomationDocument): boolean {
  return /\{\{|\{%|"templateId"/.test(JSON.stringify(nodes.map(({ config }) => config)));
}

function withSample(document: AutomationDocument, sample: Facts): AutomationDocument {
  const nodes = document.nodes.map((node) =>
    node.type === 'TRIGGER' ? { ...node, config: { ...node.config, sampleEvent: sample } } : node,
  );
  return { ...document, layout: {}, nodes };
}

const NOT_IN_SAMPLE = /^(?:In the (subject|body|HTML) of template '(.*)': )?`(.+?)` has no value /s;

function partName(part: string | undefined): string {
  if (part === 'HTML') return t`HTML`;
  return part === 'subject' ? t`subject` : t`body`;
}

/** A warning in words; `about` is the message about the sample that it replaces. */
export interface EventWarning extends ReportedProblem {
  about: string;
}

/** The warning about the sample, as one about recorded events; null for other warnings. */
export function eventWarning(warning: ReportedProblem, count: number): EventWarning | null {
  const found = NOT_IN_SAMPLE.exec(warning.message);
  if (warning.code !== 'NOT_IN_SAMPLE' || !found) return null;
  const [, part, template, name = ''] = found;
  const need =
    template === undefined
      ? t`This text uses the value ${name}.`
      : t`The ${partName(part)} of the template “${template}” uses the value ${name}.`;
  const none =
    plural(count, { one: 'The last recorded event did not have this value.', other: `None of the last ${count} recorded events had this value.` });
  return {
    ...warning,
    code: 'NOT_IN_EVENTS',
    about: warning.message,
    message: t`${need} ${none} A run without this value fails.`,
  };
}

const NONE: EventWarning[] = [];

/**
 * Values that the document's texts use and that no recorded event had. `isAsked`: whether to look.
 * While it loads, or if it fails, there are none: they are advice only.
 */
export function useEventWarnings(
  automationId: string | null,
  document: AutomationDocument,
  isAsked: boolean,
): EventWarning[] {
  const { api } = useServices();
  const [settled] = useDebouncedValue(document, DEBOUNCE_MS);
  const isUseful = isAsked && automationId !== null && readsEvents(settled);
  const { data: events } = useQuery({
    ...recordedEventsQuery(api, automationId ?? '', intakeOf(triggerOf(settled) ?? {})),
    enabled: isUseful,
  });
  const recorded = useMemo(() => mergeEvents(events ?? []), [events]);
  const text = useMemo(() => JSON.stringify(toWire({ ...settled, layout: {} })), [settled]);
  const { data } = useQuery({
    queryKey: ['event-warnings', automationId, text, recorded],
    queryFn: async () => {
      if (recorded === null) return NONE;
      const { warnings } = await validate(api, automationId, withSample(settled, recorded.sample));
      return warnings.flatMap((warning) => eventWarning(warning, recorded.count) ?? []);
    },
    enabled: isUseful && recorded !== null,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: STALE_MS,
  });
  return isUseful ? (data ?? NONE) : NONE;
}
