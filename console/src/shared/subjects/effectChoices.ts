/** What a person chose for the effects of the nodes of reruns, and the document that says so. */

import type { EffectChoice, RerunDocument } from '../api/types';
import { parseObject } from '../ui/forms';

/** Not a choice about effects: the runs that need one are not rerun. */
export const LEAVE_OUT = 'LEAVE_OUT';

/** `outcome` and `output` belong to SUPPRESS. */
export interface Decision {
  do: EffectChoice | typeof LEAVE_OUT;
  outcome: string;
  output: string;
}

/** Decisions by node id. */
export type Decisions = Readonly<Record<string, Decision>>;

export function withDecision(
  decisions: Decisions,
  nodeId: string,
  decision: Decision | null,
): Decisions {
  const others = Object.entries(decisions).filter(([id]) => id !== nodeId);
  return Object.fromEntries(decision ? [...others, [nodeId, decision] as const] : others);
}

/** Typed JSON is invalid here: the place, and why. */
export interface FormProblem {
  field: string;
  problem: string;
}

type Effects = NonNullable<RerunDocument['effects']>;

/** The choices as a document has them, or the first problem of a typed output. */
export function effectDocument(decisions: Decisions): { effects: Effects } | FormProblem {
  const effects: Effects = {};
  for (const [nodeId, decision] of Object.entries(decisions)) {
    if (decision.do === LEAVE_OUT) continue;
    const outcome = decision.outcome.trim();
    const output = parseObject(decision.output);
    const isSuppressed = decision.do === 'SUPPRESS';
    if (isSuppressed && 'problem' in output) return { field: nodeId, problem: output.problem };
    effects[nodeId] = {
      do: decision.do,
      ...(isSuppressed && outcome !== '' && { outcome }),
      ...(isSuppressed &&
        decision.output.trim() !== '' &&
        'value' in output && { output: output.value }),
    };
  }
  return { effects };
}

/** The statuses of messages that only an admin may send again. */
const SENT = new Set(['SENT', 'DELIVERED']);

export function isSentMessage(status: string): boolean {
  return SENT.has(status);
}
