/** Finds steps in a long trace. */

import type { Step } from '../../shared/api/types';
import { nodeTitle, type NodeType } from '../../shared/graph/useNodeTypes';
import { formatWord } from '../../shared/ui/format';
import { stepNote } from './calls';

/** A trace with more steps gets a search box. */
const SHORT = 12;

export function isLong(steps: readonly Step[]): boolean {
  return steps.length > SHORT;
}

function searchableText(step: Step, nodeTypes: ReadonlyMap<string, NodeType>): string {
  const { nodeId, type, status, outcome, error } = step;
  const parts = [
    nodeId,
    nodeTitle(nodeTypes, type),
    formatWord(status),
    outcome,
    stepNote(step),
    error?.kind,
    error?.message,
  ];
  return parts.filter(Boolean).join('\n').toLowerCase();
}

/** Whether a step has every word: in its id, type, status, outcome, call or error. */
export function matches(
  step: Step,
  nodeTypes: ReadonlyMap<string, NodeType>,
  asked: string,
): boolean {
  const text = searchableText(step, nodeTypes);
  return asked
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Whether the step failed, or went on along its `error` branch after a failed call. */
function isFailed({ status, type, output }: Step): boolean {
  return status === 'FAILED' || (type === 'INTEGRATION' && 'error' in output);
}

/** The ids of the failed steps, in the order of the trace. */
export function failedSteps(steps: readonly Step[]): string[] {
  return steps.filter(isFailed).map(({ nodeId }) => nodeId);
}
