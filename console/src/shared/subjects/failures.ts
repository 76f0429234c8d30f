/** What several pages need from failure groups: the filters of their list, and one group. */

import { t } from '@lingui/core/macro';
import { queryOptions } from '@tanstack/react-query';
import { choiceOr, text } from '../address/parameters';
import type { ApiClient } from '../api/client';
import { nullIfMissing } from '../api/queries';
import type { FailureGroup } from '../api/types';
import { defineFilters, type FiltersOf } from '../lists/filters';
import { formatCount } from '../ui/format';

export const GROUP_STATUSES = ['OPEN', 'RESOLVED'] as const satisfies FailureGroup['status'][];
export const GROUP_ORDERS = ['newest', 'count'] as const;

const STATUS = choiceOr([...GROUP_STATUSES, 'ALL'], 'OPEN');

export const FAILURE_FILTERS = defineFilters({
  /** The inbox shows open groups, unless somebody asks for others. */
  status: { ...STATUS, ask: (value: typeof STATUS.fallback) => (value === 'ALL' ? null : value) },
  automationId: text(),
  /** A user's id, `me` or `none`. */
  assignee: text(),
  order: choiceOr(GROUP_ORDERS, 'newest'),
});

export type FailureFilters = FiltersOf<typeof FAILURE_FILTERS>;

/** A failure group; null if it has expired. */
export function failureGroupQuery(api: ApiClient, id: string | null) {
  return queryOptions({
    queryKey: ['failure-groups', 'one', id],
    queryFn: ({ signal }) =>
      nullIfMissing(
        api.get('/v1/failure-groups/{group_id}', { path: { group_id: id ?? '' }, signal }),
      ),
    enabled: id !== null,
    staleTime: 30_000,
  });
}

/** `1,204`, or `10,000+` if not all runs were counted. */
export function formatAtLeast(number: number, isComplete: boolean): string {
  return isComplete ? formatCount(number) : `${formatCount(number)}+`;
}

/** `Order paid, step score`, as far as it is known. */
export function placeOf({ automationName, nodeId }: FailureGroup): string {
  const automation = automationName ?? t`A deleted automation`;
  return nodeId === null ? automation : t`${automation}, step ${nodeId}`;
}
