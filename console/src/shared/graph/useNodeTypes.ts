import { queryOptions, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ApiClient } from '../api/client';
import type { components } from '../api/schema';
import { useServices } from '../auth/services';
import { formatWord } from '../ui/format';

export type NodeType = components['schemas']['NodeTypeView'];

const NONE: NodeType[] = [];

/** Node types only change with a deployment. */
export function nodeTypesQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['node-types'],
    queryFn: async ({ signal }) => (await api.get('/v1/node-types', { signal })).items,
    staleTime: Infinity,
  });
}

/** The node types by name; empty until they are loaded. */
export function useNodeTypes(): ReadonlyMap<string, NodeType> {
  const { api } = useServices();
  const { data = NONE } = useQuery(nodeTypesQuery(api));
  return useMemo(() => new Map(data.map((each) => [each.type, each])), [data]);
}

/** The name of a node type, the same on every page: its title in the API. */
export function nodeTitle(nodeTypes: ReadonlyMap<string, NodeType>, type: string): string {
  return nodeTypes.get(type)?.title ?? formatWord(type);
}
