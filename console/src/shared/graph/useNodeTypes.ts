import { queryOptions, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ApiClient } from '../api/client';
import type { components } from '../api/schema';
import { useServices } from '../auth/services';

export type NodeType = components['schemas']['NodeTypeView'];

const NONE: NodeType[] = [];

/** They change with a deployment only. */
export function nodeTypesQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['node-types'],
    queryFn: async ({ signal }) => (await api.get('/v1/node-types', { signal })).items,
    staleTime: Infinity,
  });
}

/** The node types by name; none until they are loaded. */
export function useNodeTypes(): ReadonlyMap<string, NodeType> {
  const { api } = useServices();
  const { data = NONE } = useQuery(nodeTypesQuery(api));
  return useMemo(() => new Map(data.map((each) => [each.type, each])), [data]);
}
