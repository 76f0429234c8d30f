import { t } from '@lingui/core/macro';
import { useMemo } from 'react';
import type { RunDetail, Step } from '../api/types';
import { formatDuration, formatWord } from '../ui/format';
import { Status } from '../ui/Status';
import { useNow } from '../ui/Time';
import classes from './Graph.module.css';
import type { EdgeLook } from './GraphCanvas';
import type { NodeLook, Tone } from './GraphNodeCard';
import GraphView from './GraphView';
import { readGraph } from './model';
import { pathOf, type PathState } from './runPath';

export interface RunGraphProps {
  run: RunDetail;
  selected?: string | null;
  onSelect: (nodeId: string) => void;
  /** The node that a large graph is centered on at first. */
  focus?: string | null;
}

const TONES: Record<Step['status'], Tone> = {
  RUNNING: 'busy',
  WAITING: 'waiting',
  COMPLETED: 'good',
  FAILED: 'bad',
  CANCELED: 'idle',
  SKIPPED: 'idle',
};

function isCurrent({ status }: Step): boolean {
  return status === 'RUNNING' || status === 'WAITING';
}

function stepLook(step: Step, now: number): NodeLook {
  const took = step.durationMs ?? Math.max(0, now - Date.parse(step.startedAt));
  const duration = formatDuration(took);
  return {
    tone: TONES[step.status],
    isPulsing: isCurrent(step),
    words: isCurrent(step)
      ? t`${formatWord(step.status)}, for ${duration}`
      : t`${formatWord(step.status)}, took ${duration}`,
    badge: (
      <>
        <Status status={step.status} />
        <span className={classes.duration}>{duration}</span>
      </>
    ),
  };
}

const UNVISITED: Record<PathState, NodeLook> = {
  TAKEN: {},
  AHEAD: {
    words: t`Not yet reached`,
    badge: <span className={classes.duration}>{t`Not yet reached`}</span>,
  },
  NOT_TAKEN: {
    words: t`Not reached`,
    isMuted: true,
    badge: <span className={classes.duration}>{t`Not reached`}</span>,
  },
};

const EDGES: Record<PathState, EdgeLook> = {
  TAKEN: { tone: 'taken' },
  AHEAD: {},
  NOT_TAKEN: { isMuted: true },
};

/** The graph of a run's version, with the path that the run took. It fills its parent's height. */
export default function RunGraph({ run, selected = null, onSelect, focus = null }: RunGraphProps) {
  const isOpen = run.status === 'PENDING' || run.status === 'RUNNING';
  const now = useNow(isOpen ? 1_000 : 60_000);
  const path = useMemo(
    () => pathOf(readGraph(run.graph), run.steps, isOpen),
    [run.graph, run.steps, isOpen],
  );
  const steps = new Map(run.steps.map((step) => [step.nodeId, step]));
  const looks = new Map(
    [...path.nodes].map(([id, place]) => {
      const step = steps.get(id);
      return [id, step ? stepLook(step, now) : UNVISITED[place]];
    }),
  );
  return (
    <GraphView
      graph={run.graph}
      label={t`Graph of the run`}
      looks={looks}
      edgeLooks={path.edges.map((place) => EDGES[place])}
      hasBadges
      selected={selected}
      onSelect={onSelect}
      focus={focus}
      fillsHeight
    />
  );
}
