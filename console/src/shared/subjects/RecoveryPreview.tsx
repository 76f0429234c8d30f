import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { Recovery } from '../api/types';
import { fieldError } from '../ui/forms';
import { formatCount, formatRuns, formatWord } from '../ui/format';
import type { Decision, Decisions } from './effectChoices';
import { EffectChoiceField } from './EffectChoiceField';
import { NodePlan, NodePlans } from './NodePlans';
import classes from './NodePlans.module.css';
import { hasChoice, type RecoveryNode } from './recoveryForm';

const ACTIONS = [
  ['RUN', 'run', (runs: string) => t`Executed again in ${runs}`],
  ['REUSED', 'reused', (runs: string) => t`Reused in ${runs}`],
  ['SUPPRESSED', 'suppressed', (runs: string) => t`Skipped in ${runs}`],
  ['UNDECIDED', 'undecided', (runs: string) => t`Undecided in ${runs}`],
] as const;

/** What to do about runs that are left out. */
const WHY: Record<string, string> = {
  NOT_APPLICABLE:
    t`These runs cannot be rerun with the current choices. For runs that ended at a “Stop with an error” node, choose “The start” under “From”. If you suppress a node that did not complete, enter its output.`,
};

function Actions({ node }: { node: RecoveryNode }) {
  return (
    <ul>
      {ACTIONS.filter(([, count]) => node[count] > 0).map(([action, count, words]) => (
        <li key={action} data-action={action}>
          {words(formatRuns(node[count]))}
        </li>
      ))}
    </ul>
  );
}

function Effects({ node: { effects, repeatedEffects } }: { node: RecoveryNode }) {
  const counted = Object.entries(effects);
  if (counted.length === 0) return null;
  return (
    <ul>
      {counted.map(([status, count]) => (
        <li key={status}>
          <strong>{formatWord(status)}</strong>{' '}
          <span className={classes.muted}>
            {plural(count, { one: '1 call or message', other: `${formatCount(count)} calls or messages` })}
          </span>
        </li>
      ))}
      <li data-then={repeatedEffects > 0 ? 'REPEAT' : 'REUSE'}>
        {repeatedEffects === 0
          ? t`None of these calls and messages happens again`
          : plural(repeatedEffects, {
              one: '1 of these calls and messages happens again',
              other: `${formatCount(repeatedEffects)} of these calls and messages happen again`,
            })}
      </li>
    </ul>
  );
}

interface Props {
  preview: Recovery;
  decisions: Decisions;
  mayRepeatMessages: boolean;
  /** The error of the last request. */
  error: Error | null;
  onDecide: (nodeId: string, decision: Decision | null) => void;
}

/** How many runs are rerun, which are left out and why, and what happens at each node. */
export function RecoveryPreview({ preview, decisions, mayRepeatMessages, error, onDecide }: Props) {
  const { counts, nodes = [], isSelected, from } = preview;
  const runs = formatRuns(counts.eligible);
  const amount = isSelected ? runs : t`at least ${runs}`;
  const reasons = Object.entries(counts.excluded).filter(([, count]) => count > 0);
  return (
    <>
      <p>
        {from === null ? (
          <Trans>
            Reruns <strong>{amount}</strong>, each from its failed node.
          </Trans>
        ) : (
          <Trans>
            Reruns <strong>{amount}</strong>, each from the start.
          </Trans>
        )}{' '}
        {t`Calls and messages that happened, or may have happened, do not happen again unless you choose to repeat them.`}
      </p>
      {reasons.length > 0 && (
        <>
          <p>{t`Left out:`}</p>
          <ul aria-label={t`Left out`}>
            {reasons.map(([reason, count]) => (
              <li key={reason}>
                {formatWord(reason)}: {formatRuns(count)}
                {WHY[reason] !== undefined && `. ${WHY[reason]}`}
              </li>
            ))}
          </ul>
        </>
      )}
      {nodes.length > 0 && (
        <NodePlans label={t`By node`}>
          {nodes.map((node) => (
            <NodePlan
              key={`${node.automationId} ${node.nodeId}`}
              nodeId={node.nodeId}
              type={node.type}
              action={<Actions node={node} />}
              effects={<Effects node={node} />}
              choice={
                hasChoice(node, decisions) && (
                  <EffectChoiceField
                    nodeId={node.nodeId}
                    decision={decisions[node.nodeId]}
                    isUndecided={node.undecided > 0}
                    mayRepeat={mayRepeatMessages || node.type !== 'SEND_MESSAGE'}
                    mayLeaveOut
                    problem={fieldError(error, `effects.${node.nodeId}`)}
                    onDecide={onDecide}
                  />
                )
              }
            />
          ))}
        </NodePlans>
      )}
    </>
  );
}
