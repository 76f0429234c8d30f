/** The document's problems, as the API reports them while it is edited. */

import { t } from '@lingui/core/macro';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { ApiClient } from '../../../shared/api/client';
import { ApiError } from '../../../shared/api/problem';
import { useServices } from '../../../shared/auth/services';
import { useNodeTypes } from '../../../shared/graph/useNodeTypes';
import { problemText, reported, type ReportedProblem } from '../problemWords';
import { type AutomationDocument, toWire } from './document';

const DEBOUNCE_MS = 400;

export interface DocumentProblem extends ReportedProblem {
  /** The message in the words of the form; `message` is for the JSON view. */
  words: string;
}

export interface ProblemsFound {
  problems: DocumentProblem[];
  /** Warnings do not prevent saving. */
  warnings: DocumentProblem[];
  /** Whether the problems are those of the current document. */
  isCurrent: boolean;
  /** Why the document could not be checked. */
  error: Error | null;
}

const NO_NAME: ReportedProblem = {
  code: 'NO_NAME',
  message: t`Enter a name.`,
  nodeId: null,
  edge: null,
  field: 'name',
};

/** The problems in a 422 answer; null for any other error. */
export function problemsIn(error: unknown): ReportedProblem[] | null {
  if (!(error instanceof ApiError) || error.status !== 422) return null;
  return error.problems.map(({ code, message, nodeId, edge, field }) => {
    // An invalid value is named by its path in the whole document.
    const inConfig = field === null ? null : /^nodes\.\d+\.config\.(.+)$/.exec(field);
    const outside = field === null ? null : /^(nodes|edges)\.\d+/.exec(field);
    return {
      code: code ?? 'INVALID_REQUEST',
      message,
      nodeId: nodeId ?? null,
      edge: edge ?? null,
      field: inConfig?.[1] ?? (outside ? null : field),
    };
  });
}

interface Checked {
  problems: ReportedProblem[];
  warnings: ReportedProblem[];
}

const NONE_FOUND: Checked = { problems: [], warnings: [] };

/** Checks a document without saving it. */
export async function validate(
  api: ApiClient,
  automationId: string | null,
  document: AutomationDocument,
): Promise<Checked> {
  // The API refuses a document without a name before it checks the graph.
  const isNamed = document.name.trim() !== '';
  const missing = isNamed ? [] : [NO_NAME];
  const body = toWire(isNamed ? document : { ...document, name: t`Without a name` });
  try {
    const answer =
      automationId === null
        ? await api.post('/v1/automations/validate', { body })
        : await api.post('/v1/automations/{automation_id}/validate', {
            path: { automation_id: automationId },
            body,
          });
    return {
      problems: [...missing, ...answer.problems.map(reported)],
      warnings: answer.warnings.map(reported),
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
  const nodeTypes = useNodeTypes();
  const { problems, warnings } = data ?? NONE_FOUND;
  const worded = useMemo(() => {
    const withWords = (problem: ReportedProblem): DocumentProblem => ({
      ...problem,
      words: problemText(problem, settled, nodeTypes),
    });
    return { problems: problems.map(withWords), warnings: warnings.map(withWords) };
  }, [problems, warnings, settled, nodeTypes]);
  return {
    ...worded,
    isCurrent: !isPlaceholderData && !isPending && settled === document,
    error,
  };
}

/** The messages of each field of a node, by path; several of one field are joined. */
export function fieldProblems(
  problems: readonly Pick<DocumentProblem, 'nodeId' | 'field' | 'words'>[],
  nodeId: string,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const problem of problems) {
    if (problem.nodeId !== nodeId || problem.field === null) continue;
    const before = found.get(problem.field);
    found.set(problem.field, before === undefined ? problem.words : `${before} ${problem.words}`);
  }
  return found;
}

/** The node on which a problem is shown. */
export function nodeOf(
  problem: Pick<ReportedProblem, 'nodeId' | 'edge'>,
  { edges }: Pick<AutomationDocument, 'edges'>,
): string | null {
  if (problem.nodeId !== null) return problem.nodeId;
  return problem.edge === null ? null : (edges[problem.edge]?.source ?? null);
}
