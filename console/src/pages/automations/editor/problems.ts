/** What is wrong with the document, as the API tells it while it is edited. */

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
  /** What may be saved, and is better thought over. */
  warnings: DocumentProblem[];
  /** Whether they are those of the document as it is now. */
  isCurrent: boolean;
  /** Why nobody knows. */
  error: Error | null;
}

const NO_NAME: DocumentProblem = {
  message: 'Give it a name.',
  nodeId: null,
  edge: null,
  field: 'name',
};

function fromProblem({ message, nodeId, edge, field }: Problem): DocumentProblem {
  return { message, nodeId: nodeId ?? null, edge: edge ?? null, field: field ?? null };
}

/** The problems that an answer of 422 carries; null where it is another error. */
export function problemsIn(error: unknown): DocumentProblem[] | null {
  if (!(error instanceof ApiError) || error.status !== 422) return null;
  return error.problems.map(({ message, nodeId, edge, field }) => {
    // A value of the wrong form is named by its path in the whole document.
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
  // Without a name it would be refused before its graph is looked at.
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
    const told = problemsIn(error);
    if (told === null) throw error;
    return { problems: [...missing, ...told], warnings: [] };
  }
}

export function useProblems(
  automationId: string | null,
  document: AutomationDocument,
  enabled: boolean,
): ProblemsFound {
  const { api } = useServices();
  const [settled] = useDebouncedValue(document, DEBOUNCE_MS);
  // Where nodes stand is for the eye only.
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

/** The messages at each field of a node, by path; several at one are told together. */
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

/** The node that a problem is shown on. */
export function nodeOf(
  problem: DocumentProblem,
  { edges }: Pick<AutomationDocument, 'edges'>,
): string | null {
  if (problem.nodeId !== null) return problem.nodeId;
  return problem.edge === null ? null : (edges[problem.edge]?.source ?? null);
}
