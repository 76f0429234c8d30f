import { IconChevronRight } from '@tabler/icons-react';
import type { RunDetail, Step } from '../api/types';
import { formatBothZones, formatDuration, formatExact, formatWord } from '../ui/format';
import { Status } from '../ui/Status';
import { StepBody } from './StepBody';
import classes from './StepTrace.module.css';

interface Props {
  run: RunDetail;
  openSteps: string[];
  onToggle: (nodeId: string, open: boolean) => void;
  now: number;
}

/** `+1.2 s`: how far into the run a step began. */
function offset(run: RunDetail, step: Step): string {
  const from = Date.parse(run.startedAt ?? run.createdAt);
  return `+${formatDuration(Math.max(0, Date.parse(step.startedAt) - from))}`;
}

function stepDuration(step: Step, now: number): string {
  if (step.durationMs !== null) return formatDuration(step.durationMs);
  return formatDuration(Math.max(0, now - Date.parse(step.startedAt)));
}

interface StepRowProps {
  run: RunDetail;
  step: Step;
  open: boolean;
  onToggle: Props['onToggle'];
  now: number;
}

function StepRow({ run, step, open, onToggle, now }: StepRowProps) {
  const bodyId = `step-${step.nodeId}-body`;
  return (
    <li id={`step-${step.nodeId}`} className={classes.step} data-step={step.nodeId}>
      <h3 className={classes.heading}>
        <button
          type="button"
          className={classes.summary}
          aria-expanded={open}
          aria-controls={bodyId}
          onClick={() => {
            onToggle(step.nodeId, !open);
          }}
        >
          <IconChevronRight size={16} aria-hidden className={classes.chevron} />
          <span className={classes.node}>
            <span className={classes.nodeId}>{step.nodeId}</span>{' '}
            <span className={classes.type}>{formatWord(step.type)}</span>
          </span>
          <span className={classes.status}>
            <Status status={step.status} />
          </span>
          <span className={classes.outcome}>
            {step.outcome !== null && (
              <>
                <span className={classes.label}>outcome </span>
                {step.outcome}
              </>
            )}
          </span>
          <span className={classes.time} title={formatBothZones(step.startedAt)}>
            <span className="visually-hidden">started {formatExact(step.startedAt)}, </span>
            {offset(run, step)}
          </span>
          <span className={classes.time}>
            <span className={classes.label}>took </span>
            {stepDuration(step, now)}
          </span>
        </button>
      </h3>
      <div id={bodyId} hidden={!open}>
        {open && <StepBody step={step} />}
      </div>
    </li>
  );
}

/** Every step of the run, in the order it was visited. */
export function StepTrace({ run, openSteps, onToggle, now }: Props) {
  const steps = run.steps.toSorted((one, other) => one.order - other.order);
  return (
    <section className={classes.trace} aria-label="Steps">
      <h2>Steps</h2>
      {steps.length === 0 ? (
        <p className={classes.none}>No step has begun yet. They appear here as the run walks.</p>
      ) : (
        <ol className={classes.steps}>
          {steps.map((step) => (
            <StepRow
              key={step.nodeId}
              run={run}
              step={step}
              open={openSteps.includes(step.nodeId)}
              onToggle={onToggle}
              now={now}
            />
          ))}
        </ol>
      )}
    </section>
  );
}
