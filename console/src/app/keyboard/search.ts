/** The search over everything in the workspace. */

import { t } from '@lingui/core/macro';
import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import type { components } from '../../shared/api/schema';

export type Found = components['schemas']['FoundView'];

/** Shorter texts match too much. */
export const LEAST = 2;
const MOST = 200;

export const KIND_LABELS: Record<Found['type'], string> = {
  RUN: t`Run`,
  DELIVERY: t`Delivery`,
  REFUSAL: t`Refusal`,
  CONTACT: t`Contact`,
  AUTOMATION: t`Automation`,
  FAILURE_GROUP: t`Failure group`,
};

/** Only addresses of the console. */
export function isOwnAddress(href: string): boolean {
  return href.startsWith('/') && !href.startsWith('//');
}

export function searchQuery(api: ApiClient, asked: string) {
  const q = asked.trim().slice(0, MOST);
  return queryOptions({
    queryKey: ['search', q],
    queryFn: async ({ signal }) => {
      const { items } = await api.get('/v1/search', { query: { q }, signal });
      return items.filter(({ href }) => isOwnAddress(href));
    },
    enabled: q.length >= LEAST,
    staleTime: 15_000,
    gcTime: 60_000,
  });
}
