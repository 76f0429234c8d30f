import { t } from '@lingui/core/macro';
import { type CSSProperties, type KeyboardEvent, useMemo, useState } from 'react';
import { isOpenRun } from '../../shared/api/queries';
import type { RunDetail } from '../../shared/api/types';
import { nodeTitle, useNodeTypes } from '../../shared/graph/useNodeTypes';
import { formatDuration } from '../../shared/ui/format';
import { type Fork, inLanes, type Path, placeSteps, stepsIn, type TraceItem } from './paths';
import { StepRow, type StepRowProps } from './StepRow';
import { goToStep } from './stepNavigation';
import classes from './StepTrace.module.css';
import { timelineOf, timelineOfSteps } from './timeline';
import { TraceTools } from './TraceTools';
import { failedSteps, isLong, matches } from './traceSearch';

type Shared = Pick<StepRowProps, 'run' | 'nodeIds' | 'onToggle' | 'onMove' | 'hasEvent' | 'timeline'>;

interface Props extends Pick<StepRowProps, 'run' | 'onToggle' | 'onMove' | 'now'> {
  openSteps: readonly string[];
  /** The heading, if the trace is a section of a page. */
  heading?: string;
  /** Whether the page shows the event by itself. */
  hasEvent?: boolean;
}

/** Arrow keys move between the headings of the steps. */
function moveFocus(event: KeyboardEvent<HTMLElement>) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined || !(event.target instanceof HTMLButtonElement)) return;
  if (!event.target.matches('h3 > button[aria-expanded]')) return;
  const buttons = [
    ...event.currentTarget.querySelectorAll<HTMLButtonElement>('h3 > button[aria-expanded]'),
  ];
  const next = buttons[buttons.indexOf(event.target) + by];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** `big (Condition)`: a node by its id and its type's title. */
function useNodeName(run: RunDetail): (nodeId: string) => string {
  const nodeTypes = useNodeTypes();
  return (nodeId) => {
    const node = run.graph.nodes?.find(({ id }) => id === nodeId);
    return node ? `${nodeId} (${nodeTitle(nodeTypes, node.type)})` : nodeId;
  };
}

function PathTitle({ run, path }: { run: RunDetail; path: Path }) {
  const nodeName = useNodeName(run);
  return (
    <p className={classes.path}>
      {t`Path ${path.number} of ${path.of} after ${nodeName(path.fork)}`}
    </p>
  );
}

/** Returns the number of columns. More lanes than MOST_COLUMNS wrap to rows of equal length. */
function columnsFor(lanes: number): number {
  return Math.ceil(lanes / Math.ceil(lanes / MOST_COLUMNS));
}

const MOST_COLUMNS = 3;

interface RowsProps extends Shared {
  items: TraceItem[];
  openSteps: readonly string[];
  now: number;
  /** Whether the rows are inside a fork, whose time scale they share. */
  isInner: boolean;
}

/** Parallel paths, next to each other if there is room. */
function ForkRow({ fork, isInner, ...props }: Omit<RowsProps, 'items'> & { fork: Fork }) {
  const nodeName = useNodeName(props.run);
  const timeline = isInner ? props.timeline : timelineOfSteps(stepsIn(fork), props.now);
  const { from, to } = timeline.whole;
  return (
    <li className={classes.fork}>
      {!isInner && (
        <p className={classes.scale}>
          {t`Parallel branches after ${nodeName(fork.after)} (a bar of full width lasts ${formatDuration(to - from)})`}
        </p>
      )}
      <ol
        className={classes.lanes}
        style={{ '--columns': columnsFor(fork.lanes.length) } as CSSProperties}
      >
        {fork.lanes.map(({ path, items }) => (
          <li key={path.number} className={classes.lane}>
            <PathTitle run={props.run} path={path} />
            <ol className={classes.rows}>
              <Rows {...props} timeline={timeline} items={items} isInner />
            </ol>
          </li>
        ))}
      </ol>
    </li>
  );
}

function Rows({ items, isInner, openSteps, now, ...shared }: RowsProps) {
  const nodeTypes = useNodeTypes();
  return items.map((item) =>
    'step' in item ? (
      <StepRow
        key={item.step.nodeId}
        {...shared}
        step={item.step}
        title={nodeTitle(nodeTypes, item.step.type)}
        isOpen={openSteps.includes(item.step.nodeId)}
        // A step that has ended does not change with time, so it is not drawn again.
        now={item.step.finishedAt === null ? now : 0}
      />
    ) : (
      <ForkRow
        key={`after ${item.fork.after}`}
        {...shared}
        openSteps={openSteps}
        now={now}
        fork={item.fork}
        isInner={isInner}
      />
    ),
  );
}

/** Every step of the run, in visiting order, with its times. A long trace can be searched. */
export function StepTrace(props: Props) {
  const { heading, run, openSteps, onToggle, onMove, hasEvent = false } = props;
  const nodeTypes = useNodeTypes();
  const [asked, setAsked] = useState('');
  const end = isOpenRun(run) ? props.now : Date.parse(run.finishedAt ?? run.createdAt);
  const timeline = useMemo(() => timelineOf(run, end), [run, end]);
  const placed = useMemo(() => placeSteps(run), [run]);
  const nodeIds = useMemo(() => placed.map(({ step }) => step.nodeId), [placed]);
  const found = useMemo(
    () => (asked === '' ? null : placed.filter(({ step }) => matches(step, nodeTypes, asked))),
    [asked, placed, nodeTypes],
  );
  const items = useMemo(
    () => (found ? found.map(({ step }): TraceItem => ({ step })) : inLanes(placed)),
    [found, placed],
  );

  function goTo(nodeId: string) {
    setAsked('');
    if (!openSteps.includes(nodeId)) onToggle(nodeId, true);
    goToStep(run.id, nodeId);
  }

  return (
    <section className={classes.trace} aria-label={t`Steps`}>
      <h2 className={heading === undefined ? 'visually-hidden' : undefined}>{heading ?? t`Steps`}</h2>
      {isLong(run.steps) && (
        <TraceTools
          asked={asked}
          onAsk={setAsked}
          total={placed.length}
          found={found?.length ?? null}
          failed={failedSteps(placed.map(({ step }) => step))}
          onGoTo={goTo}
        />
      )}
      {placed.length === 0 && (
        <p className={classes.none}>
          {t`No steps yet. They appear here while the run goes through the graph.`}
        </p>
      )}
      {items.length > 0 && (
        // The buttons are the interactive elements; the list only handles their keys.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
        <ol className={classes.steps} onKeyDown={moveFocus}>
          <Rows
            run={run}
            items={items}
            openSteps={openSteps}
            timeline={timeline}
            now={props.now}
            nodeIds={nodeIds}
            onToggle={onToggle}
            onMove={onMove}
            hasEvent={hasEvent}
            isInner={false}
          />
        </ol>
      )}
    </section>
  );
}
