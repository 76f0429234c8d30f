import { useEffect, useState } from 'react';
import { formatBothZones, formatExact, formatRelative } from './format';

/** The current time, told anew every few seconds so that relative times keep moving. */
export function useNow(everyMs = 5_000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, everyMs);
    return () => {
      clearInterval(timer);
    };
  }, [everyMs]);
  return now;
}

/** How long ago, the exact moment on hover. */
export function RelativeTime({ time, now }: { time: string; now: number }) {
  return (
    <time dateTime={time} title={formatBothZones(time)}>
      {formatRelative(time, now)}
    </time>
  );
}

/** The exact moment in the viewer's zone, UTC on hover. */
export function ExactTime({ time }: { time: string }) {
  return (
    <time dateTime={time} title={time}>
      {formatExact(time)}
    </time>
  );
}
