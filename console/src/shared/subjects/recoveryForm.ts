/** The form of a recovery, and the document that it sends. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../api/client';
import type { Recovery, RecoveryDocument } from '../api/types';
import { type AskedFilters, filterDocument } from '../lists/exports';
import { type Decisions, effectDocument, type FormProblem } from './effectChoices';

/** The runs to recover: those of a failure group, or those of a list's filters. */
export type Selection = { errorGroup: string } | { filter: AskedFilters };

export interface RecoveryForm {
  /** Whether each rerun begins at the start instead of the failed node. */
  isFromStart: boolean;
  version: RecoveryDocument['version'];
  decisions: Decisions;
  firesDownstream: boolean;
}

export const USUAL_FORM: RecoveryForm = {
  isFromStart: false,
  version: 'SAME',
  decisions: {},
  firesDownstream: false,
};
export const USUAL_RATE = 60;
export const USUAL_FAILURES = 10;

type Rules = Omit<RecoveryDocument, 'dryRun' | 'ratePerMinute' | 'stopAfterFailures'>;

/** Which runs are rerun, and how; or the first problem of the form. */
export function recoveryRules(selection: Selection, form: RecoveryForm): Rules | FormProblem {
  const chosen = effectDocument(form.decisions);
  if ('problem' in chosen) return chosen;
  return {
    ...('filter' in selection ? { filter: filterDocument(selection.filter) } : selection),
    ...(form.isFromStart && { from: 'START' }),
    version: form.version,
    effects: chosen.effects,
    fireDownstream: form.firesDownstream,
  };
}

/** Asks what a recovery would do; null for an invalid form. */
export function recoveryPreviewQuery(api: ApiClient, rules: Rules | null) {
  return queryOptions({
    queryKey: ['recovery-preview', rules],
    queryFn: ({ signal }) =>
      api.post('/v1/recoveries', {
        body: {
          version: 'SAME',
          fireDownstream: false,
          ...rules,
          ratePerMinute: USUAL_RATE,
          stopAfterFailures: USUAL_FAILURES,
          dryRun: true,
        },
        signal,
      }),
    enabled: rules !== null,
    gcTime: 0,
    retry: false,
  });
}

export type RecoveryNode = NonNullable<Recovery['nodes']>[number];

/** Whether a person can choose what happens to the effects of a node. */
export function hasChoice({ nodeId, effects, undecided }: RecoveryNode, decisions: Decisions) {
  return nodeId in decisions || undecided > 0 || Object.keys(effects).length > 0;
}

/** The nodes that need a choice and have none. */
export function nodesToDecide({ nodes = [] }: Recovery, decisions: Decisions): string[] {
  const open = nodes.filter(({ nodeId, undecided }) => undecided > 0 && !(nodeId in decisions));
  return [...new Set(open.map(({ nodeId }) => nodeId))];
}

/**
 * The preview, with the nodes that have a choice but that no run visits any more: a choice that fits
 * no run leaves all of them out, and can still be changed.
 */
export function withChosenNodes(
  preview: Recovery,
  before: Recovery | null,
  decisions: Decisions,
): Recovery {
  const nodes = preview.nodes ?? [];
  const names = new Set(nodes.map(({ nodeId }) => nodeId));
  const kept = (before?.nodes ?? [])
    .filter(({ nodeId }) => nodeId in decisions && !names.has(nodeId))
    .map((node) => ({ ...node, ...NO_RUNS }));
  return { ...preview, nodes: [...nodes, ...kept] };
}

const NO_RUNS = { run: 0, reused: 0, suppressed: 0, undecided: 0, repeatedEffects: 0 };
