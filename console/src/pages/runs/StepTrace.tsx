import { Button } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconChevronRight } from '@tabler/icons-react';
import type { CSSProperties, KeyboardEvent } from 'react';
import type { RunDetail, Step } from '../../shared/api/types';
import { nodeTitle, useNodeTypes } from '../../shared/graph/useNodeTypes';
import { stepAddress } from '../../shared/subjects/runs';
import { CopyButton } from '../../shared/ui/CopyButton';
import { formatBothZones, formatDuration, formatExact } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';
import { type Fork, inLanes, type Path, placeSteps, stepsIn, type TraceItem } from './paths';
import { StepDetails } from './StepDetails';
import { goToStep, neighbors, stepElementId } from './stepNavigation';
import classes from './StepTrace.module.css';
import {
  intervalOf,
  isWait,
  type Pause,
  type Timeline,
  timelineOf,
  timelineOfSteps,
} from './timeline';

interface Props {
  run: RunDetail;
  openSteps: readonly string[];
  onToggle: (nodeId: string, open: boolean) => void;
  /** Moves from one open step to another. */
  onMove: (from: string, to: string) => void;
  now: number;
  /** The heading, if the trace is a section of a page. */
  heading?: string;
}

/** `+1.2 s`: the time from the run's start to the step's start. */
function offset(run: RunDetail, step: Step): string {
  const from = Date.parse(run.startedAt ?? run.createdAt);
  return `+${formatDuration(Math.max(0, Date.parse(step.startedAt) - from))}`;
}

function stepDuration(step: Step, now: number): string {
  if (step.durationMs !== null) return formatDuration(step.durationMs);
  return formatDuration(Math.max(0, now - Date.parse(step.startedAt)));
}

interface BarsProps {
  step: Step;
  timeline: Timeline;
  pauses: Pause[];
  now: number;
}

/** Draws when the step ran. Hidden from screen readers, as the times are also text. */
function Bars({ step, timeline, pauses, now }: BarsProps) {
  const { left, width } = timeline.barOf(intervalOf(step, now));
  return (
    <span className={classes.line} aria-hidden>
      {pauses.map((pause) => (
        <span
          key={pause.from}
          className={classes.pause}
          title={`Waited ${formatDuration(pause.to - pause.from)} (shortened here)`}
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

/** The properties of every row. */
interface RowProps extends Omit<Props, 'heading'> {
  timeline: Timeline;
  nodeIds: readonly string[];
}

interface StepRowProps extends RowProps {
  step: Step;
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
        Previous step
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
        Next step
      </Button>
      <CopyButton
        text={window.location.origin + stepAddress(run.id, step.nodeId)}
        label="Copy link to this step"
      />
    </div>
  );
}

function StepRow(props: StepRowProps) {
  const { run, step, openSteps, onToggle, now, timeline } = props;
  const nodeTypes = useNodeTypes();
  const open = openSteps.includes(step.nodeId);
  const bodyId = `${stepElementId(run.id, step.nodeId)}-body`;
  return (
    <li
      id={stepElementId(run.id, step.nodeId)}
      className={classes.step}
      data-step={step.nodeId}
    >
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
            <span className={classes.type}>{nodeTitle(nodeTypes, step.type)}</span>
            {step.outcome !== null && (
              <span className={classes.outcome}>
                <span className={classes.label}>outcome </span>
                {step.outcome}
              </span>
            )}
            {step.reusedFrom && <span className={classes.outcome}>reused</span>}
          </span>
          <span className={classes.status}>
            <Status status={step.status} />
          </span>
          {/* A reused step ran before this run was opened. */}
          {step.reusedFrom ? (
            <span className={classes.line} aria-hidden />
          ) : (
            <Bars step={step} timeline={timeline} pauses={timeline.pauses} now={now} />
          )}
          <span className={classes.time} title={formatBothZones(step.startedAt)}>
            <span className="visually-hidden">started {formatExact(step.startedAt)}, </span>
            {step.reusedFrom ? '–' : offset(run, step)}
          </span>
          <span className={classes.time}>
            <span className={classes.label}>{isWait(step) ? 'waited ' : 'took '}</span>
            {stepDuration(step, now)}
          </span>
        </button>
      </h3>
      <div id={bodyId} hidden={!open}>
        {open && (
          <>
            <StepActions {...props} />
            <StepDetails run={run} step={step} />
          </>
        )}
      </div>
    </li>
  );
}

/** Arrow keys move between the headings of the steps. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined || !(event.target instanceof HTMLButtonElement)) return;
  if (!event.target.hasAttribute('aria-expanded')) return;
  const buttons = [
    ...event.currentTarget.querySelectorAll<HTMLButtonElement>('h3 > button[aria-expanded]'),
  ];
  const next = buttons[buttons.indexOf(event.target) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function PathTitle({ path }: { path: Path }) {
  return (
    <p className={classes.path}>
      Path {path.number} of {path.of} after {path.fork}
    </p>
  );
}

/** Returns the number of columns. More lanes than MOST_COLUMNS wrap to rows of equal length. */
function columnsFor(lanes: number): number {
  return Math.ceil(lanes / Math.ceil(lanes / MOST_COLUMNS));
}

const MOST_COLUMNS = 3;

interface ForkRowProps extends RowProps {
  fork: Fork;
  /** Whether the fork is inside another fork, whose time scale it shares. */
  isInner: boolean;
}

/** Parallel paths, next to each other if there is room. */
function ForkRow({ fork, isInner, ...props }: ForkRowProps) {
  const timeline = isInner ? props.timeline : timelineOfSteps(stepsIn(fork), props.now);
  const { from, to } = timeline.whole;
  return (
    <li className={classes.fork}>
      {!isInner && (
        <p className={classes.scale}>
          In parallel after {fork.after} (time scale: {formatDuration(to - from)})
        </p>
      )}
      <ol
        className={classes.lanes}
        style={{ '--columns': columnsFor(fork.lanes.length) } as CSSProperties}
      >
        {fork.lanes.map(({ path, items }) => (
          <li key={path.number} className={classes.lane}>
            <PathTitle path={path} />
            <ol className={classes.rows}>
              <Rows {...props} timeline={timeline} items={items} isInner />
            </ol>
          </li>
        ))}
      </ol>
    </li>
  );
}

interface RowsProps extends RowProps {
  items: TraceItem[];
  isInner: boolean;
}

function Rows({ items, isInner, ...props }: RowsProps) {
  return items.map((item) =>
    'step' in item ? (
      <StepRow key={item.step.nodeId} {...props} step={item.step} />
    ) : (
      <ForkRow key={`after ${item.fork.after}`} {...props} fork={item.fork} isInner={isInner} />
    ),
  );
}

/** Every step of the run, in visiting order, with its times. */
export function StepTrace({ heading, ...props }: Props) {
  const { run, now } = props;
  const placed = placeSteps(run);
  const timeline = timelineOf(run, now);
  const nodeIds = placed.map(({ step }) => step.nodeId);
  return (
    <section className={classes.trace} aria-label="Steps">
      {heading !== undefined && <h2>{heading}</h2>}
      {placed.length === 0 ? (
        <p className={classes.none}>
          No steps yet. They appear here while the run goes through the graph.
        </p>
      ) : (
        // The buttons are the interactive elements; the list only handles their keys.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
        <ol className={classes.steps} onKeyDown={moveFocus}>
          <Rows
            {...props}
            items={inLanes(placed)}
            timeline={timeline}
            nodeIds={nodeIds}
            isInner={false}
          />
        </ol>
      )}
    </section>
  );
}
