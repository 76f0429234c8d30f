/** The document's problems, as the API reports them while it is edited. */

import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ApiClient } from '../../../shared/api/client';
import { ApiError } from '../../../shared/api/problem';
import { useServices } from '../../../shared/auth/services';
import type { Problem } from '../types';
import { type AutomationDocument, toWire } from './document';

const DEBOUNCE_MS = 400;

/** `edge` is an index into the edges, `field` a path in the node's config. */
export interface DocumentProblem {
  message: string;
  nodeId: string | null;
  edge: number | null;
  field: string | null;
}

export interface ProblemsFound {
  problems: DocumentProblem[];
  /** Warnings do not prevent saving. */
  warnings: DocumentProblem[];
  /** Whether the problems are those of the current document. */
  isCurrent: boolean;
  /** Why the check failed. */
  error: Error | null;
}

const NO_NAME: DocumentProblem = {
  message: 'Enter a name.',
  nodeId: null,
  edge: null,
  field: 'name',
};

function fromProblem({ message, nodeId, edge, field }: Problem): DocumentProblem {
  return { message, nodeId: nodeId ?? null, edge: edge ?? null, field: field ?? null };
}

/** The problems in a 422 answer; null for any other error. */
export function problemsIn(error: unknown): DocumentProblem[] | null {
  if (!(error instanceof ApiError) || error.status !== 422) return null;
  return error.problems.map(({ message, nodeId, edge, field }) => {
    // An invalid value is named by its path in the whole document.
    const inConfig = field === null ? null : /^nodes\.\d+\.config\.(.+)$/.exec(field);
    const outside = field === null ? null : /^(nodes|edges)\.\d+/.exec(field);
    return {
      message,
      nodeId: nodeId ?? null,
      edge: edge ?? null,
      field: inConfig?.[1] ?? (outside ? null : field),
    };
  });
}

async function validate(
  api: ApiClient,
  automationId: string | null,
  document: AutomationDocument,
): Promise<Pick<ProblemsFound, 'problems' | 'warnings'>> {
  // The API refuses a document without a name before it checks the graph.
  const isNamed = document.name.trim() !== '';
  const missing = isNamed ? [] : [NO_NAME];
  const body = toWire(isNamed ? document : { ...document, name: 'Without a name' });
  try {
    const answer =
      automationId === null
        ? await api.post('/v1/automations/validate', { body })
        : await api.post('/v1/automations/{automation_id}/validate', {
            path: { automation_id: automationId },
            body,
          });
    return {
      problems: [...missing, ...answer.problems.map(fromProblem)],
      warnings: answer.warnings.map(fromProblem),
    };
  } catch (error) {
    const found = problemsIn(error);
    if (found === null) throw error;
    return { problems: [...missing, ...found], warnings: [] };
  }
}

export function useProblems(
  automationId: string | null,
  document: AutomationDocument,
  enabled: boolean,
): ProblemsFound {
  const { api } = useServices();
  const [settled] = useDebouncedValue(document, DEBOUNCE_MS);
  // The layout does not affect the check.
  const text = useMemo(() => JSON.stringify(toWire({ ...settled, layout: {} })), [settled]);
  const { data, error, isPlaceholderData, isPending } = useQuery({
    queryKey: ['validate', automationId, text],
    queryFn: () => validate(api, automationId, { ...settled, layout: {} }),
    enabled,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 60_000,
  });
  return {
    problems: data?.problems ?? [],
    warnings: data?.warnings ?? [],
    isCurrent: !isPlaceholderData && !isPending && settled === document,
    error,
  };
}

/** The messages of each field of a node, by path; several of one field are joined. */
export function fieldProblems(
  problems: readonly DocumentProblem[],
  nodeId: string,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const problem of problems) {
    if (problem.nodeId !== nodeId || problem.field === null) continue;
    const before = found.get(problem.field);
    found.set(problem.field, before === undefined ? problem.message : `${before} ${problem.message}`);
  }
  return found;
}

/** The node on which a problem is shown. */
export function nodeOf(
  problem: DocumentProblem,
  { edges }: Pick<AutomationDocument, 'edges'>,
): string | null {
  if (problem.nodeId !== null) return problem.nodeId;
  return problem.edge === null ? null : (edges[problem.edge]?.source ?? null);
}
