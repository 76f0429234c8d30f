/** Converts between moments and the times that clocks in a zone show. */

const DAY = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/** What clocks in the zone show at `moment`, as if it were UTC; both in epoch milliseconds. */
function clockTime(moment: number, zone: string): number {
  const parts = new Map(formatOf(zone).formatToParts(moment).map(({ type, value }) => [type, value]));
  const [year = 0, month = 0, day, hour, minute, second] = (
    ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
  ).map((type) => Number(parts.get(type)));
  const time = new Date(0);
  time.setUTCFullYear(parts.get('era') === 'BC' ? 1 - year : year, month - 1, day);
  time.setUTCHours(hour ?? 0, minute, second);
  return time.getTime();
}

/** The zone's distance from UTC at `moment`, in milliseconds; positive in the east. */
export function offsetAt(moment: number, zone: string): number {
  return clockTime(moment, zone) - Math.floor(moment / 1_000) * 1_000;
}

/** The date and time in the zone, in the form of a `datetime-local` field: `2026-03-01T14:05`. */
export function toClock(moment: number, zone: string): string {
  return new Date(clockTime(moment, zone)).toISOString().slice(0, 16);
}

/**
 * The moment at which clocks in the zone show `clock`, in epoch milliseconds; null if it is no date
 * and time. Of a time that comes twice, it is the first. A time that clocks skip is moved by what
 * they skip, as browsers do.
 */
export function fromClock(clock: string, zone: string): number | null {
  const time = Date.parse(`${clock}Z`);
  if (Number.isNaN(time)) return null;
  const before = offsetAt(time - DAY, zone);
  const after = offsetAt(time + DAY, zone);
  const offset = [before, after].find((one) => offsetAt(time - one, zone) === one);
  return time - (offset ?? before);
}

function startsAlike(characters: number, one: number, other: number, zone: string): boolean {
  return toClock(one, zone).slice(0, characters) === toClock(other, zone).slice(0, characters);
}

export function isSameDay(one: number, other: number, zone: string): boolean {
  return startsAlike('2026-03-01'.length, one, other, zone);
}

export function isSameYear(one: number, other: number, zone: string): boolean {
  return startsAlike('2026'.length, one, other, zone);
}
