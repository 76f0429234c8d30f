import { plural, t } from '@lingui/core/macro';
import type { RerunNode, RerunPreview, RunDetail } from '../../shared/api/types';
import { type Decision, isSentMessage } from '../../shared/subjects/effectChoices';
import { EffectChoiceField } from '../../shared/subjects/EffectChoiceField';
import { NodePlan, NodePlans } from '../../shared/subjects/NodePlans';
import classes from '../../shared/subjects/NodePlans.module.css';
import { fieldError } from '../../shared/ui/forms';
import { formatCount, formatWord } from '../../shared/ui/format';
import { ExactTime } from '../../shared/ui/Time';
import { needsChoice, type RerunForm } from './rerunForm';

const ACTIONS: Record<string, string> = {
  REUSED: t`Reused`,
  RUN: t`Executed again`,
  SUPPRESSED: t`Skipped`,
  UNDECIDED: t`Needs your choice`,
};

const THEN: Record<string, string> = {
  REUSE: t`does not happen again`,
  REPEAT: t`happens again`,
  SUPPRESS: t`is skipped`,
  CHOOSE: t`needs your choice`,
};

interface Props {
  run: RunDetail;
  form: RerunForm;
  preview: RerunPreview;
  mayRepeatMessages: boolean;
  /** The error of the last request. */
  error: Error | null;
  onDecide: (nodeId: string, decision: Decision | null) => void;
}

function Effects({ node }: { node: RerunNode }) {
  if (node.effects.length === 0) return <span className={classes.muted}>{t`No effects so far`}</span>;
  return (
    <ul>
      {node.effects.map((effect, index) => (
        <li key={index}>
          <span>
            {effect.to === null ? formatWord(effect.kind) : t`${formatWord(effect.kind)} to ${effect.to}`}{' '}
            <strong>{formatWord(effect.status)}</strong>
          </span>{' '}
          <span className={classes.muted}>
            <ExactTime time={effect.at} />
          </span>{' '}
          <span data-then={effect.then}>
            {THEN[effect.then] ?? formatWord(effect.then)}
          </span>
        </li>
      ))}
      {node.effectCount > node.effects.length && (
        <li className={classes.muted}>
          {plural(node.effectCount - node.effects.length, {
            one: 'and 1 earlier effect',
            other: `and ${formatCount(node.effectCount - node.effects.length)} earlier effects`,
          })}
        </li>
      )}
    </ul>
  );
}

/** What a rerun does at each node, with the choices about effects. */
export function RerunPreviewList(props: Props) {
  const { run, form, preview, error, mayRepeatMessages, onDecide } = props;
  return (
    <NodePlans label={t`What the rerun does`}>
      {preview.nodes.map((node) => (
        <NodePlan
          key={node.nodeId}
          nodeId={node.nodeId}
          type={node.type}
          action={
            <span data-action={node.action}>{ACTIONS[node.action] ?? formatWord(node.action)}</span>
          }
          effects={<Effects node={node} />}
          choice={
            needsChoice(run, form, node) && (
              <EffectChoiceField
                nodeId={node.nodeId}
                decision={form.decisions[node.nodeId]}
                isUndecided={node.action === 'UNDECIDED'}
                mayRepeat={
                  mayRepeatMessages || !node.effects.some(({ status }) => isSentMessage(status))
                }
                problem={fieldError(error, `effects.${node.nodeId}`)}
                onDecide={onDecide}
              />
            )
          }
        />
      ))}
    </NodePlans>
  );
}
