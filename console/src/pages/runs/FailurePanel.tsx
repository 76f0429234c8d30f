import { t } from '@lingui/core/macro';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { RunDetail } from '../../shared/api/types';
import { nodeTitle, useNodeTypes } from '../../shared/graph/useNodeTypes';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { Json } from '../../shared/ui/Json';
import { ErrorKind, Panel } from '../../shared/ui/Panel';
import { callSentence } from './calls';
import classes from './RunPage.module.css';
import { stepElementId } from './stepNavigation';

interface Props {
  run: RunDetail;
  onOpenStep: (nodeId: string) => void;
}

/** Where the run failed: `Failed at step 3, score (Call a service)`. */
function Place({ run }: { run: RunDetail }): ReactNode {
  const nodeTypes = useNodeTypes();
  const nodeId = run.error?.nodeId ?? null;
  const step = run.steps.find((each) => each.nodeId === nodeId);
  if (step) {
    return t`Failed at step ${step.order}, ${step.nodeId} (${nodeTitle(nodeTypes, step.type)})`;
  }
  return nodeId === null ? t`Failed outside of the run’s steps` : t`Failed at ${nodeId}`;
}

/** Says in words which step failed and why. */
export function FailurePanel({ run, onOpenStep }: Props) {
  const { error, errorGroup } = run;
  if (!error) return null;
  const { nodeId, message, kind, cause } = error;
  const step = run.steps.find((each) => each.nodeId === nodeId);
  const call = step ? callSentence(step) : null;
  return (
    <Panel label={t`Error`} title={call ?? message} tone="bad">
      <p className={classes.place}>
        <Place run={run} />
      </p>
      {call !== null && <p>{message}</p>}
      <ErrorKind kind={kind} />
      {cause !== null && cause !== message && <Json label={t`Cause`} value={cause} />}
      <p className={classes.links}>
        {step && (
          <a
            href={`#${stepElementId(run.id, step.nodeId)}`}
            onClick={(event) => {
              event.preventDefault();
              onOpenStep(step.nodeId);
            }}
          >
            {t`Open the step`}
          </a>
        )}
        {errorGroup !== null && (
          <Link to={RUN_FILTERS.address('/runs', { errorGroup, range: '30d' })}>
            {t`Runs with the same error`}
          </Link>
        )}
      </p>
    </Panel>
  );
}
