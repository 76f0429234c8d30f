import { t } from '@lingui/core/macro';
import { type PointerEvent, useState } from 'react';
import { RUN_STATUSES, type RunStatus, type Stats } from '../../shared/api/types';
import { formatCount, formatDuration, formatMoment, formatWord } from '../../shared/ui/format';
import { useNow } from '../../shared/ui/Time';
import { type Chart, type ChartBar, chartOf, scaleOf, totalOf } from './chartBars';
import classes from './RunChart.module.css';

/** From bottom to top; failures at the top, so that they are visible. */
const STACK = ['COMPLETED', 'CANCELED', 'RUNNING', 'PENDING', 'FAILED'] as const satisfies RunStatus[];
/** How many times the axis names. */
const TICKS = 6;

function moment(time: number, now: number): string {
  return formatMoment(new Date(time).toISOString(), now);
}

function span({ start, end }: Pick<ChartBar, 'start' | 'end'>, now: number): string {
  return `${moment(start, now)} – ${moment(end, now)}`;
}

function percent(part: number, whole: number): string {
  return `${(100 * part) / whole}%`;
}

function Hint({ bar, position, now }: { bar: ChartBar; position: number; now: number }) {
  return (
    <div
      className={classes.hint}
      style={position < 0.5 ? { left: `${100 * position}%` } : { right: `${100 * (1 - position)}%` }}
    >
      <p className={classes.hintTitle}>{span(bar, now)}</p>
      {RUN_STATUSES.filter((status) => bar[status] > 0).map((status) => (
        <p key={status}>
          {formatWord(status)}: {formatCount(bar[status])}
        </p>
      ))}
      {totalOf(bar) === 0 && <p>{t`No runs`}</p>}
    </div>
  );
}

function Bars({ bars, top }: { bars: readonly ChartBar[]; top: number }) {
  return (
    <div className={classes.bars} aria-hidden>
      {bars.map((bar) => (
        <div key={bar.start} className={classes.bar} data-total={totalOf(bar)}>
          {STACK.filter((status) => bar[status] > 0).map((status) => (
            <div
              key={status}
              className={classes.part}
              data-series={status}
              style={{ height: percent(bar[status], top) }}
            />
          ))}
        </div>
      ))}
    </div>
  );
}

function Axis({ bars, now }: { bars: readonly ChartBar[]; now: number }) {
  const step = Math.max(1, Math.ceil(bars.length / TICKS));
  return (
    <div className={classes.axis} aria-hidden>
      {bars.map(
        ({ start }, index) =>
          index % step === 0 && (
            <span
              key={start}
              className={classes.tick}
              // A moment near the end would be cut.
              style={index > 0.9 * bars.length ? { right: 0 } : { left: percent(index, bars.length) }}
            >
              {moment(start, now)}
            </span>
          ),
      )}
    </div>
  );
}

interface LegendProps {
  chart: Chart;
  stats: Stats;
  now: number;
}

/** What the colors mean, with totals; then what the bars leave out. It also serves screen readers. */
function Legend({ chart: { bars, trimmedBefore }, stats, now }: LegendProps) {
  const busiest = bars.toSorted((one, other) => totalOf(other) - totalOf(one))[0];
  const totals = STACK.map((status) => ({
    status,
    total: bars.reduce((sum, bar) => sum + bar[status], 0),
  })).filter(({ total }) => total > 0);
  return (
    <figcaption className={classes.legend}>
      <span className="visually-hidden">{t`Runs over time by status.`}</span>
      {totals.length === 0 && <span>{t`No runs in this period.`}</span>}
      {totals.map(({ status, total }) => (
        <span key={status} className={classes.key}>
          <span className={classes.swatch} data-series={status} aria-hidden />
          {formatWord(status)} {formatCount(total)}
        </span>
      ))}
      {busiest && totalOf(busiest) > 0 && (
        <span className="visually-hidden">{t`Most runs: ${span(busiest, now)}.`}</span>
      )}
      {!stats.isComplete && (
        <span className={classes.warning}>
          {t`Only the newest runs are drawn: there are too many to count with these filters.`}
        </span>
      )}
      {trimmedBefore !== null && <span>{t`No runs before ${moment(trimmedBefore, now)}.`}</span>}
      {stats.duration && (
        <span>
          {t`Duration: median ${formatDuration(stats.duration.p50Ms)}, p95 ${formatDuration(stats.duration.p95Ms)}.`}
        </span>
      )}
      <span className={classes.drag}>{t`Drag over the bars to zoom in.`}</span>
    </figcaption>
  );
}

interface Props {
  /** The statistics of the runs that the list shows. */
  stats: Stats;
  /** Whether these are the runs of the previous filters. */
  isOld: boolean;
  /** Called with the selected period, ISO 8601 in UTC. */
  onBrush: (from: string, to: string) => void;
}

/** Runs over time. Dragging over the bars selects a period, which the period form can do too. */
export function RunChart({ stats, isOld, onBrush }: Props) {
  const now = useNow(60_000);
  const [brush, setBrush] = useState<[number, number] | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const chart = chartOf(stats);
  const { bars } = chart;
  const top = scaleOf(bars);
  const chosen = brush && ([Math.min(...brush), Math.max(...brush)] as const);
  const hint = hovered === null ? undefined : bars[hovered];

  function indexAt(event: PointerEvent<HTMLDivElement>): number {
    const box = event.currentTarget.getBoundingClientRect();
    const index = Math.floor(((event.clientX - box.left) / box.width) * bars.length);
    return Math.min(Math.max(index, 0), bars.length - 1);
  }

  function finish() {
    setBrush(null);
    if (!chosen) return;
    const [first, last] = [bars[chosen[0]], bars[chosen[1]]];
    // A click without dragging selects nothing.
    if (!first || !last || first === last) return;
    onBrush(new Date(first.start).toISOString(), new Date(last.end).toISOString());
  }

  return (
    <figure className={classes.chart} aria-busy={isOld}>
      <div className={classes.scale} aria-hidden>
        <span>{formatCount(top)}</span>
        {top > 1 && <span>{formatCount(top / 2)}</span>}
        <span>0</span>
      </div>
      <div
        className={classes.plot}
        data-part="plot"
        onPointerDown={(event) => {
          if (event.pointerType !== 'mouse' || event.button !== 0) return;
          setBrush([indexAt(event), indexAt(event)]);
        }}
        onPointerMove={(event) => {
          const index = indexAt(event);
          setHovered(index);
          if (brush) setBrush([brush[0], index]);
        }}
        onPointerUp={finish}
        onPointerLeave={() => {
          setHovered(null);
          setBrush(null);
        }}
      >
        <Bars bars={bars} top={top} />
        {chosen && (
          <div
            className={classes.chosen}
            data-part="chosen"
            style={{
              left: percent(chosen[0], bars.length),
              width: percent(chosen[1] - chosen[0] + 1, bars.length),
            }}
          />
        )}
        {hint && hovered !== null && (
          <Hint bar={hint} position={(hovered + 0.5) / bars.length} now={now} />
        )}
      </div>
      <Axis bars={bars} now={now} />
      <Legend chart={chart} stats={stats} now={now} />
    </figure>
  );
}
