/** The form of a rerun, and the document that it sends. */

import type { RerunDocument, RerunNode, RunDetail, Step } from '../../shared/api/types';
import { readGraph } from '../../shared/graph/model';
import { type Decisions, effectDocument, type FormProblem } from '../../shared/subjects/effectChoices';
import { parseObject } from '../../shared/ui/forms';

export const START = 'START';

export interface RerunForm {
  from: string;
  version: RerunDocument['version'];
  decisions: Decisions;
  /** The text of another event body; null for the body of the run. */
  body: string | null;
  firesDownstream: boolean;
  reason: string;
}

/** Nodes with nothing after them. */
const ENDS: readonly string[] = ['END', 'STOP_ERROR'];

/** The steps from which a run can be rerun. */
export function startingSteps({ steps }: RunDetail): Step[] {
  return steps
    .filter(({ type }) => type !== 'TRIGGER' && !ENDS.includes(type))
    .toSorted((one, other) => one.order - other.order);
}

/** The form as it opens: from the failed node if there is exactly one, else from the start. */
export function emptyForm(run: RunDetail): RerunForm {
  const failed = startingSteps(run).filter(({ status }) => status === 'FAILED');
  const [only] = failed;
  return {
    from: only !== undefined && failed.length === 1 ? only.nodeId : START,
    version: 'SAME',
    decisions: {},
    body: null,
    firesDownstream: false,
    reason: '',
  };
}

/** Whether a rerun from `from` can visit the node again. */
export function isVisitedAgain({ graph }: RunDetail, from: string, nodeId: string): boolean {
  if (from === START) return true;
  const { edges } = readGraph(graph);
  const found = new Set([from]);
  for (const id of found) {
    for (const { source, target } of edges) if (source === id) found.add(target);
  }
  return found.has(nodeId);
}

/** Whether a person can choose what happens to the effects of a node. */
export function needsChoice(run: RunDetail, { from, decisions }: RerunForm, node: RerunNode): boolean {
  if (node.nodeId in decisions || node.action === 'UNDECIDED') return true;
  return node.effectCount > 0 && isVisitedAgain(run, from, node.nodeId);
}

/** The document, or the first problem of the form. */
export function rerunDocument(form: RerunForm): Omit<RerunDocument, 'dryRun'> | FormProblem {
  const chosen = effectDocument(form.decisions);
  if ('problem' in chosen) return chosen;
  const body = form.from === START && form.body !== null ? parseObject(form.body) : null;
  if (body !== null && 'problem' in body) return { field: 'body', problem: body.problem };
  return {
    from: form.from,
    version: form.version,
    effects: chosen.effects,
    fireDownstream: form.firesDownstream,
    ...(body !== null && { body: body.value }),
    ...(form.reason.trim() !== '' && { reason: form.reason.trim() }),
  };
}
