import { t } from '@lingui/core/macro';
import { NativeSelect, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { type Decision, LEAVE_OUT } from './effectChoices';
import classes from './NodePlans.module.css';

const UNCHANGED: Decision = { do: 'REUSE', outcome: '', output: '' };

interface Props {
  nodeId: string;
  decision: Decision | undefined;
  /** Whether a choice is needed. */
  isUndecided: boolean;
  /** False if these are messages that this person may not send again. */
  mayRepeat: boolean;
  /** Whether the runs that need a choice can be left out instead. */
  mayLeaveOut?: boolean;
  problem: string | null;
  onDecide: (nodeId: string, decision: Decision | null) => void;
}

/** Chooses what happens to the effects of one node. */
export function EffectChoiceField(props: Props): ReactNode {
  const { nodeId, decision, isUndecided, mayRepeat, mayLeaveOut = false, problem } = props;
  const canLeaveOut = mayLeaveOut && (isUndecided || decision?.do === LEAVE_OUT);

  function decide(changes: Partial<Decision>) {
    props.onDecide(nodeId, { ...UNCHANGED, ...decision, ...changes });
  }

  return (
    <div className={classes.choice}>
      <NativeSelect
        size="xs"
        aria-label={t`Effects of ${nodeId}`}
        data={[
          { value: '', label: isUndecided ? t`Choose…` : t`As shown` },
          ...(canLeaveOut ? [{ value: LEAVE_OUT, label: t`Leave these runs out` }] : []),
          { value: 'REUSE', label: t`Reuse the result` },
          {
            value: 'REPEAT',
            label: mayRepeat ? t`Repeat` : t`Repeat (needs an admin)`,
            disabled: !mayRepeat,
          },
          { value: 'SUPPRESS', label: t`Suppress` },
        ]}
        value={decision?.do ?? ''}
        error={problem}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          if (chosen === '') props.onDecide(nodeId, null);
          else decide({ do: chosen as Decision['do'] });
        }}
      />
      {!mayRepeat && (
        <p className={classes.muted}>{t`Only an admin can repeat these messages.`}</p>
      )}
      {decision?.do === 'SUPPRESS' && (
        <>
          <TextInput
            size="xs"
            label={t`Outcome of ${nodeId}`}
            placeholder={t`Empty: the outcome recorded for this node`}
            value={decision.outcome}
            onChange={(event) => {
              decide({ outcome: event.currentTarget.value });
            }}
          />
          <Textarea
            size="xs"
            label={t`Output of ${nodeId}`}
            placeholder={t`If empty, the run’s output is used. To replace it, enter a JSON object.`}
            autosize
            minRows={1}
            maxRows={6}
            spellCheck={false}
            value={decision.output}
            onChange={(event) => {
              decide({ output: event.currentTarget.value });
            }}
          />
        </>
      )}
    </div>
  );
}
