import { IconInfoCircle } from '@tabler/icons-react';
import { useState } from 'react';
import {
  Bar,
  BarChart,
  type MouseHandlerDataParam,
  ReferenceArea,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import { RUN_STATUSES, type RunStatus, type Stats } from '../../shared/api/types';
import { formatCount, formatDuration, formatMoment, formatWord } from '../../shared/ui/format';
import { useNow } from '../../shared/ui/Time';
import { type ChartBar, chartBarsOf, totalOf } from './chartBars';
import classes from './RunChart.module.css';

/** From bottom to top; failures at the top, so that they are visible. */
const STACK = ['COMPLETED', 'CANCELED', 'RUNNING', 'PENDING', 'FAILED'] as const satisfies RunStatus[];

const FILLS: Record<RunStatus, string> = {
  COMPLETED: 'var(--chart-good)',
  CANCELED: 'var(--chart-idle)',
  RUNNING: 'var(--chart-busy)',
  PENDING: 'var(--chart-waiting)',
  // Striped, so that it differs from the others without color.
  FAILED: 'url(#failed-stripes)',
};

function span({ start, end }: Pick<ChartBar, 'start' | 'end'>, now: number): string {
  const [from, to] = [start, end].map((moment) => formatMoment(new Date(moment).toISOString(), now));
  return `${from ?? ''} – ${to ?? ''}`;
}

interface HintProps {
  active?: boolean;
  payload?: readonly { payload?: unknown }[];
  now: number;
}

function Hint({ active, payload, now }: HintProps) {
  const bar = payload?.[0]?.payload as ChartBar | undefined;
  if (!active || !bar) return null;
  return (
    <div className={classes.hint}>
      <p className={classes.hintTitle}>{span(bar, now)}</p>
      {RUN_STATUSES.filter((status) => bar[status] > 0).map((status) => (
        <p key={status}>
          {formatWord(status)}: {formatCount(bar[status])}
        </p>
      ))}
      {totalOf(bar) === 0 && <p>No runs</p>}
    </div>
  );
}

function indexIn({ activeTooltipIndex }: MouseHandlerDataParam): number | null {
  const index = Number(activeTooltipIndex ?? Number.NaN);
  return Number.isInteger(index) ? index : null;
}

/** The chart as text for screen readers. */
function Summary({ bars, now }: { bars: ChartBar[]; now: number }) {
  const busiest = bars.toSorted((one, other) => totalOf(other) - totalOf(one))[0];
  const totals = STACK.map((status) => ({
    status,
    total: bars.reduce((sum, bar) => sum + bar[status], 0),
  })).filter(({ total }) => total > 0);
  return (
    <figcaption className="visually-hidden">
      Runs over time by status.{' '}
      {totals.map(({ status, total }) => `${formatWord(status)}: ${formatCount(total)}.`).join(' ')}
      {busiest && totalOf(busiest) > 0 && ` Most runs: ${span(busiest, now)}.`}
    </figcaption>
  );
}

interface Props {
  stats: Stats;
  /** Which of the page's filters the chart ignores, as text. */
  note: string | null;
  /** Called with the selected period, ISO 8601 in UTC. */
  onBrush: (from: string, to: string) => void;
}

/** Runs over time. Dragging over the bars selects a period, which the period form can do too. */
export default function RunChart({ stats, note, onBrush }: Props) {
  const now = useNow(60_000);
  const [brush, setBrush] = useState<[number, number] | null>(null);
  const bars = chartBarsOf(stats);
  const chosen = brush && ([Math.min(...brush), Math.max(...brush)] as const);

  function finish() {
    setBrush(null);
    if (!chosen) return;
    const [first, last] = [bars[chosen[0]], bars[chosen[1]]];
    // A click without dragging selects nothing.
    if (!first || !last || first === last) return;
    onBrush(new Date(first.start).toISOString(), new Date(last.end).toISOString());
  }

  const begin = chosen && bars[chosen[0]];
  const end = chosen && bars[chosen[1]];
  return (
    <figure className={classes.chart}>
      {note !== null && (
        <p className={classes.note}>
          <IconInfoCircle size={16} aria-hidden />
          <span>{note}</span>
        </p>
      )}
      <ResponsiveContainer width="100%" height={120}>
        <BarChart
          data={bars}
          accessibilityLayer={false}
          barCategoryGap={1}
          margin={{ top: 4, right: 0, bottom: 0, left: 0 }}
          onMouseDown={(state: MouseHandlerDataParam) => {
            const index = indexIn(state);
            if (index !== null) setBrush([index, index]);
          }}
          onMouseMove={(state: MouseHandlerDataParam) => {
            const index = indexIn(state);
            if (brush && index !== null) setBrush([brush[0], index]);
          }}
          onMouseUp={finish}
          onMouseLeave={() => {
            setBrush(null);
          }}
        >
          <defs>
            <pattern
              id="failed-stripes"
              width={5}
              height={5}
              patternUnits="userSpaceOnUse"
              patternTransform="rotate(45)"
            >
              <rect width={5} height={5} fill="var(--chart-bad)" />
              <rect width={1.5} height={5} fill="var(--surface)" />
            </pattern>
          </defs>
          <XAxis
            dataKey="start"
            tickFormatter={(start: number) => formatMoment(new Date(start).toISOString(), now)}
            tick={{ fill: 'var(--text-muted)', fontSize: 11 }}
            tickLine={false}
            axisLine={{ stroke: 'var(--border)' }}
            minTickGap={48}
          />
          <YAxis
            width={36}
            allowDecimals={false}
            tick={{ fill: 'var(--text-muted)', fontSize: 11 }}
            tickLine={false}
            axisLine={false}
            tickCount={3}
          />
          <Tooltip
            isAnimationActive={false}
            cursor={{ fill: 'var(--surface-hover)' }}
            content={<Hint now={now} />}
          />
          {STACK.map((status) => (
            <Bar
              key={status}
              dataKey={status}
              stackId="runs"
              fill={FILLS[status]}
              isAnimationActive={false}
            />
          ))}
          {begin && end && (
            <ReferenceArea x1={begin.start} x2={end.start} fill="var(--accent)" fillOpacity={0.2} />
          )}
        </BarChart>
      </ResponsiveContainer>
      {stats.duration && (
        <p className={classes.durations}>
          Duration: median {formatDuration(stats.duration.p50Ms)}, p95{' '}
          {formatDuration(stats.duration.p95Ms)}.
          <span className={classes.drag}> Drag over the bars to zoom in.</span>
        </p>
      )}
      <Summary bars={bars} now={now} />
    </figure>
  );
}
