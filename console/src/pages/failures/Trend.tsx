import { t } from '@lingui/core/macro';
import type { FailureGroup } from '../../shared/api/types';
import { formatCount, formatRuns } from '../../shared/ui/format';
import classes from './Failures.module.css';

type TrendOf = FailureGroup['trend'];

/** More bars than this would be thinner than a pixel. */
const MOST_BARS = 60;
/** In bars. */
const LEAST_WIDTH = 24;

/** Joins neighbors, so that at most `MOST_BARS` bars remain. */
export function joinedBars(counts: readonly number[]): number[] {
  const size = Math.ceil(counts.length / MOST_BARS);
  const bars: number[] = [];
  for (let at = counts.length; at > 0; at -= size) {
    bars.unshift(counts.slice(Math.max(at - size, 0), at).reduce((sum, each) => sum + each, 0));
  }
  return bars;
}

/** Says a trend in words: `Peak: 12 runs in one hour. Last hour: 3`. */
export function trendText({ unit, counts }: TrendOf): string {
  const most = formatRuns(Math.max(0, ...counts));
  const last = formatCount(counts.at(-1) ?? 0);
  switch (unit) {
    case 'MINUTE':
      return t`Peak: ${most} in one minute. Last minute: ${last}`;
    case 'HOUR':
      return t`Peak: ${most} in one hour. Last hour: ${last}`;
    case 'DAY':
      return t`Peak: ${most} in one day. Last day: ${last}`;
  }
}

/** The runs of a group over time, as small bars. */
export function Trend({ trend }: { trend: TrendOf }) {
  const bars = joinedBars(trend.counts);
  const most = Math.max(1, ...bars);
  const text = trendText(trend);
  // A short trend stands at the right, with bars as thin as those of a long one.
  const width = Math.max(bars.length, LEAST_WIDTH);
  const left = width - bars.length;
  return (
    <svg
      role="img"
      aria-label={text}
      className={classes.trend}
      viewBox={`0 0 ${width} 10`}
      preserveAspectRatio="none"
    >
      <title>{text}</title>
      {bars.map((count, at) =>
        count === 0 ? null : (
          <rect
            // Bars have no other identity than their place.
            key={at}
            x={left + at + 0.1}
            width={0.8}
            // A single run stays visible beside thousands.
            y={10 - Math.max(1, (10 * count) / most)}
            height={Math.max(1, (10 * count) / most)}
          />
        ),
      )}
      <rect className={classes.trendBase} x={0} width={width} y={9.6} height={0.4} />
    </svg>
  );
}
