import { useEffect, useState } from 'react';
import { formatBothZones, formatExact, formatRelative } from './format';

/** Returns the current time and updates it every `everyMs`, for relative times. */
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

/** A relative time, with the exact time on hover. */
export function RelativeTime({ time, now }: { time: string; now: number }) {
  return (
    <time dateTime={time} title={formatBothZones(time)}>
      {formatRelative(time, now)}
    </time>
  );
}

/** The exact time in the chosen time zone, with UTC on hover. */
export function ExactTime({ time }: { time: string }) {
  return (
    <time dateTime={time} title={time}>
      {formatExact(time)}
    </time>
  );
}
