import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconChevronRight } from '@tabler/icons-react';
import { memo } from 'react';
import { Link } from 'react-router';
import type { RunDetail, Step } from '../../shared/api/types';
import { stepAddress } from '../../shared/subjects/runs';
import { CopyButton } from '../../shared/ui/CopyButton';
import { formatBothZones, formatCount, formatDuration, formatExact, formatWord } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';
import { stepNote } from './calls';
import { StepDetails } from './StepDetails';
import { goToStep, neighbors, stepElementId } from './stepNavigation';
import classes from './StepTrace.module.css';
import { intervalOf, isWait, type Timeline } from './timeline';

/** More deliveries of a step are only shown when it is open. */
const MOST_LINKS = 2;

/** `+1.2 s`: the time from the run's start to the step's start. */
function offset(run: RunDetail, step: Step): string {
  const from = Date.parse(run.startedAt ?? run.createdAt);
  return `+${formatDuration(Math.max(0, Date.parse(step.startedAt) - from))}`;
}

function stepDuration(step: Step, now: number): string {
  if (step.durationMs !== null) return formatDuration(step.durationMs);
  return formatDuration(Math.max(0, now - Date.parse(step.startedAt)));
}

export interface StepRowProps {
  run: RunDetail;
  step: Step;
  /** The title of the node's type. */
  title: string;
  isOpen: boolean;
  timeline: Timeline;
  /** For a step that has not ended. */
  now: number;
  nodeIds: readonly string[];
  onToggle: (nodeId: string, open: boolean) => void;
  /** Moves from one open step to another. */
  onMove: (from: string, to: string) => void;
  /** Whether the page shows the event by itself. */
  hasEvent: boolean;
}

/** Draws when the step ran. Hidden from screen readers, as the times are also text. */
function Bars({ step, timeline, now }: Pick<StepRowProps, 'step' | 'timeline' | 'now'>) {
  const { left, width } = timeline.barOf(intervalOf(step, now));
  return (
    <span className={classes.line} aria-hidden>
      {timeline.pauses.map((pause) => (
        <span
          key={pause.from}
          className={classes.pause}
          title={t`Waited ${formatDuration(pause.to - pause.from)}; the timeline shows this wait shorter than it was`}
          style={{ left: `${pause.left}%`, width: `${pause.width}%` }}
        />
      ))}
      <span
        className={classes.bar}
        data-look={step.status}
        data-wait={isWait(step)}
        style={{ left: `${Math.min(left, 99.2)}%`, width: `${width}%` }}
      />
    </span>
  );
}

function StepActions({ run, step, nodeIds, onMove }: StepRowProps) {
  const [previous, next] = neighbors(nodeIds, step.nodeId);

  function move(to: string | null) {
    if (to === null) return;
    onMove(step.nodeId, to);
    goToStep(run.id, to);
  }

  return (
    <div className={classes.actions}>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconArrowUp size={14} aria-hidden />}
        disabled={previous === null}
        onClick={() => {
          move(previous);
        }}
      >
        {t`Previous step`}
      </Button>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconArrowDown size={14} aria-hidden />}
        disabled={next === null}
        onClick={() => {
          move(next);
        }}
      >
        {t`Next step`}
      </Button>
      <CopyButton
        text={window.location.origin + stepAddress(run.id, step.nodeId)}
        label={t`Copy link to this step`}
      />
    </div>
  );
}

/** Links to the messages of a closed step. */
function DeliveryLinks({ run, step }: Pick<StepRowProps, 'run' | 'step'>) {
  if (step.deliveryIds.length === 0) return null;
  const own = run.deliveries.filter(({ id }) => step.deliveryIds.includes(id));
  const more = step.deliveryIds.length - MOST_LINKS;
  return (
    <ul className={classes.links} aria-label={t`Deliveries of ${step.nodeId}`}>
      {own.slice(0, MOST_LINKS).map(({ id, channel, address, status }) => (
        <li key={id}>
          <Link to={`/delivery-ops/${id}`}>
            {channel !== null && address !== null ? t`${formatWord(channel)} to ${address}` : id}
          </Link>
          {status !== null && <Status status={status} />}
        </li>
      ))}
      {more > 0 && <li className={classes.label}>{t`Further deliveries in the step’s details: ${formatCount(more)}`}</li>}
    </ul>
  );
}

/** The second line of a step: its outcome, and its call or error. */
function Notes({ step }: Pick<StepRowProps, 'step'>) {
  const note = stepNote(step);
  if (step.outcome === null && !step.reusedFrom && note === null) return null;
  return (
    <span className={classes.notes}>
      {step.outcome !== null && (
        <span>
          <span className={classes.label}>{t`outcome`}{' '}</span>
          {step.outcome}
        </span>
      )}
      {step.reusedFrom && <span>{t`reused`}</span>}
      {note !== null && <span className={classes.note}>{note}</span>}
    </span>
  );
}

/** One step of a trace: a line that opens to everything that the step recorded. */
export const StepRow = memo(function StepRow(props: StepRowProps) {
  const { run, step, title, isOpen, onToggle, now, timeline } = props;
  const bodyId = `${stepElementId(run.id, step.nodeId)}-body`;
  return (
    <li
      id={stepElementId(run.id, step.nodeId)}
      className={classes.step}
      data-step={step.nodeId}
      data-status={step.status}
      data-open={isOpen}
    >
      <h3 className={classes.heading}>
        <button
          type="button"
          className={classes.summary}
          aria-expanded={isOpen}
          aria-controls={bodyId}
          onClick={() => {
            onToggle(step.nodeId, !isOpen);
          }}
        >
          <IconChevronRight size={16} aria-hidden className={classes.chevron} />
          <span className={classes.number}>
            <span className="visually-hidden">{t`Step`}</span> {step.order}
          </span>{' '}
          <span className={classes.node}>
            <span className={classes.nodeId}>{step.nodeId}</span>{' '}
            <span className={classes.type}>{title}</span>
          </span>
          <span className={classes.status}>
            <Status status={step.status} />
          </span>
          {/* A reused step ran before this run was opened. */}
          {step.reusedFrom ? (
            <span className={classes.line} aria-hidden />
          ) : (
            <Bars step={step} timeline={timeline} now={now} />
          )}
          <span className={classes.time} title={formatBothZones(step.startedAt)}>
            <span className="visually-hidden">{t`started ${formatExact(step.startedAt)}`}, </span>
            {step.reusedFrom ? '–' : offset(run, step)}
          </span>
          <span className={classes.took}>
            <span className={classes.label}>{isWait(step) ? t`waited` : t`took`} </span>
            {stepDuration(step, now)}
          </span>
          <Notes step={step} />
        </button>
      </h3>
      {!isOpen && <DeliveryLinks run={run} step={step} />}
      <div id={bodyId} hidden={!isOpen}>
        {isOpen && (
          <>
            <StepActions {...props} />
            <StepDetails run={run} step={step} hasEvent={props.hasEvent} />
          </>
        )}
      </div>
    </li>
  );
});
