/** Formats times, durations, counts and enum words for people. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function formatDuration(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < MINUTE) return `${(Math.floor(milliseconds / 100) / 10).toFixed(1)} s`;
  if (milliseconds < HOUR) {
    return `${Math.floor(milliseconds / MINUTE)} min ${Math.floor((milliseconds % MINUTE) / SECOND)} s`;
  }
  if (milliseconds < DAY) {
    return `${Math.floor(milliseconds / HOUR)} h ${Math.floor((milliseconds % HOUR) / MINUTE)} min`;
  }
  return `${Math.floor(milliseconds / DAY)} d ${Math.floor((milliseconds % DAY) / HOUR)} h`;
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });

/** `2 min. ago`, `in 3 hr.`; under five seconds either way is `just now`. */
export function formatRelative(time: string, now: number): string {
  const difference = Date.parse(time) - now;
  const distance = Math.abs(difference);
  if (distance < 5 * SECOND) return 'just now';
  const [unit, size]: [Intl.RelativeTimeFormatUnit, number] =
    distance < MINUTE
      ? ['second', SECOND]
      : distance < HOUR
        ? ['minute', MINUTE]
        : distance < DAY
          ? ['hour', HOUR]
          : ['day', DAY];
  return relative.format(Math.trunc(difference / size), unit);
}

const exact = new Intl.DateTimeFormat('en', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
  timeZoneName: 'short',
});

const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' });
const year = new Intl.DateTimeFormat('en', { year: 'numeric' });

/** The shortest clear form: `14:05` today, `Mar 2, 14:05` this year, else with the year. */
export function formatMoment(time: string, now: number): string {
  const moment = new Date(time);
  if (moment.toDateString() === new Date(now).toDateString()) return clock.format(moment);
  const date = day.format(moment);
  const sameYear = year.format(moment) === year.format(now);
  return sameYear
    ? `${date}, ${clock.format(moment)}`
    : `${date} ${year.format(moment)}, ${clock.format(moment)}`;
}

/** In the viewer's time zone. */
export function formatExact(time: string): string {
  return exact.format(new Date(time));
}

/** In the viewer's time zone, and in UTC as the API wrote it. */
export function formatBothZones(time: string): string {
  return `${formatExact(time)} · ${time}`;
}

/** Words that are not written as their enum name suggests. */
const WRITTEN: Readonly<Record<string, string>> = {
  DEAD_LETTERED: 'Dead-lettered',
  EMAIL: 'E-mail',
  REENTRY_BLOCKED: 'Re-entry blocked',
  SMS: 'SMS',
  WHATSAPP: 'WhatsApp',
};

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `SEND_MESSAGE` → `Send message`. */
export function formatWord(word: string): string {
  const written = WRITTEN[word];
  if (written !== undefined) return written;
  return capitalize(word.replaceAll('_', ' ').toLowerCase());
}

const count = new Intl.NumberFormat('en');

/** `12,345`. */
export function formatCount(number: number): string {
  return count.format(number);
}

/** `1 run`, `1,204 runs` */
export function formatRuns(count: number): string {
  return count === 1 ? '1 run' : `${formatCount(count)} runs`;
}

/** The viewer's time zone by its name and offset: `Europe/Berlin (GMT+1)`. */
export function formatZone(now: number): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offset = new Intl.DateTimeFormat('en', { timeZoneName: 'shortOffset' })
    .formatToParts(now)
    .find(({ type }) => type === 'timeZoneName')?.value;
  return offset === undefined || offset === zone ? zone : `${zone} (${offset})`;
}

/** `512 bytes`, `1.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
