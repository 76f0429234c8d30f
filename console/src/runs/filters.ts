/** The filters of the run history. The URL is their only home. */

import type { Parameters } from '../api/client';
import { RUN_STATUSES, type RunStatus } from '../api/types';

export const RANGES = ['24h', '7d', '30d'] as const;
export type Range = (typeof RANGES)[number];

export interface RunFilters {
  status: RunStatus | null;
  automationId: string | null;
  /** A contact's id, e-mail address or phone number, as pasted. */
  contact: string | null;
  range: Range;
}

export const NO_FILTERS: RunFilters = {
  status: null,
  automationId: null,
  contact: null,
  range: '7d',
};

function oneOf<Value extends string>(values: readonly Value[], text: string | null): Value | null {
  return values.find((value) => value === text) ?? null;
}

function nonEmpty(text: string | null): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}

/** What the URL says, forgiving about values it cannot mean. */
export function readFilters(parameters: URLSearchParams): RunFilters {
  return {
    status: oneOf(RUN_STATUSES, parameters.get('status')),
    automationId: nonEmpty(parameters.get('automationId')),
    contact: nonEmpty(parameters.get('contact')),
    range: oneOf(RANGES, parameters.get('range')) ?? NO_FILTERS.range,
  };
}

/** The only writer of filters to the URL: defaults are left out, other parameters are kept. */
export function writeFilters(current: URLSearchParams, filters: RunFilters): URLSearchParams {
  const written = new URLSearchParams(current);
  for (const name of ['status', 'automationId', 'contact', 'range'] as const) {
    const value = filters[name];
    if (value === null || value === NO_FILTERS[name]) written.delete(name);
    else written.set(name, value);
  }
  return written;
}

/** The same filters as `GET /v1/runs` takes them. */
export function toQuery(filters: RunFilters): Parameters {
  return { ...filters };
}

export function isFiltered(filters: RunFilters): boolean {
  return filters.status !== null || filters.automationId !== null || filters.contact !== null;
}
