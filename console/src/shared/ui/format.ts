/** Formats times, durations, numbers and enum words for people, in the chosen locale and zone. */

import { plural, t } from '@lingui/core/macro';
import { type Locale, type LocaleSetting, perLocale, resolveLocale, usedLocale } from './locale';
import { WORDS } from './words';
import { isSameDay, isSameYear } from './zones';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const decimal = perLocale(
  ({ formats }) => new Intl.NumberFormat(formats, { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
);

export function formatDuration(milliseconds: number): string {
  if (milliseconds < SECOND) return t`${Math.round(milliseconds)} ms`;
  if (milliseconds < MINUTE) return t`${decimal().format(Math.floor(milliseconds / 100) / 10)} s`;
  if (milliseconds < HOUR) {
    return t`${Math.floor(milliseconds / MINUTE)} min ${Math.floor((milliseconds % MINUTE) / SECOND)} s`;
  }
  if (milliseconds < DAY) {
    return t`${Math.floor(milliseconds / HOUR)} h ${Math.floor((milliseconds % HOUR) / MINUTE)} min`;
  }
  return t`${Math.floor(milliseconds / DAY)} d ${Math.floor((milliseconds % DAY) / HOUR)} h`;
}

const relative = perLocale(
  ({ language }) => new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' }),
);

/** `2 min. ago`, `in 3 hr.`; under five seconds either way is `just now`. */
export function formatRelative(time: string, now: number): string {
  const difference = Date.parse(time) - now;
  const distance = Math.abs(difference);
  if (distance < 5 * SECOND) return t`just now`;
  const [unit, size]: [Intl.RelativeTimeFormatUnit, number] =
    distance < MINUTE
      ? ['second', SECOND]
      : distance < HOUR
        ? ['minute', MINUTE]
        : distance < DAY
          ? ['hour', HOUR]
          : ['day', DAY];
  return relative().format(Math.trunc(difference / size), unit);
}

const CLOCK = { hour: '2-digit', minute: '2-digit' } as const;
const DATE = { month: 'short', day: 'numeric' } as const;

function dateFormat(
  { formats, zone, hourCycle }: Locale,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(formats, { ...options, hourCycle, timeZone: zone });
}

function exactFormat(locale: Locale): Intl.DateTimeFormat {
  return dateFormat(locale, {
    ...DATE,
    ...CLOCK,
    year: 'numeric',
    second: '2-digit',
    fractionalSecondDigits: 3,
    timeZoneName: 'short',
  });
}

const moments = perLocale((locale) => ({
  exact: exactFormat(locale),
  clock: dateFormat(locale, CLOCK),
  thisYear: dateFormat(locale, { ...DATE, ...CLOCK }),
  otherYear: dateFormat(locale, { ...DATE, ...CLOCK, year: 'numeric' }),
}));

/** The shortest clear form: `14:05` today, `Mar 2, 14:05` this year, else with the year. */
export function formatMoment(time: string, now: number): string {
  const moment = Date.parse(time);
  const { zone } = usedLocale();
  if (isSameDay(moment, now, zone)) return moments().clock.format(moment);
  return isSameYear(moment, now, zone)
    ? moments().thisYear.format(moment)
    : moments().otherYear.format(moment);
}

/** In the chosen time zone. */
export function formatExact(time: string): string {
  return moments().exact.format(Date.parse(time));
}

/** In the chosen time zone, and in UTC as the API wrote it. */
export function formatBothZones(time: string): string {
  return `${formatExact(time)} · ${time}`;
}

/** How a setting writes times and numbers, as an example. */
export function formatSample(setting: LocaleSetting, now: number): string {
  const locale = resolveLocale(setting);
  return `${exactFormat(locale).format(now)} · ${new Intl.NumberFormat(locale.formats).format(1_234.5)}`;
}

export function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `SEND_MESSAGE` → `Send message`. */
export function formatWord(word: string): string {
  return WORDS[word.toUpperCase()] ?? capitalize(word.replaceAll('_', ' ').toLowerCase());
}

const counts = perLocale(({ formats }) => new Intl.NumberFormat(formats));

/** `12,345`. */
export function formatCount(number: number): string {
  return counts().format(number);
}

const percents = perLocale(({ formats }) => {
  const style = { style: 'percent', minimumFractionDigits: 0 } as const;
  return {
    whole: new Intl.NumberFormat(formats, { ...style, maximumFractionDigits: 0 }),
    tenths: new Intl.NumberFormat(formats, { ...style, minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  };
});

/** `0%`, `0.3%`, `12%`; what is not zero is never rounded to 0%. */
export function formatRate(rate: number): string {
  const { whole, tenths } = percents();
  if (rate === 0) return whole.format(0);
  if (rate < 0.001) return `< ${tenths.format(0.001)}`;
  return (rate < 0.1 ? tenths : whole).format(rate);
}

const dollars = perLocale(
  ({ formats }) => new Intl.NumberFormat(formats, { style: 'currency', currency: 'USD' }),
);

/** `$1,204.50`. */
export function formatDollars(amount: number): string {
  return dollars().format(amount);
}

/** `1 run`, `1,204 runs` */
export function formatRuns(count: number): string {
  return plural(count, { one: '1 run', other: `${formatCount(count)} runs` });
}

/** The chosen time zone by its name and offset: `Europe/Berlin (GMT+1)`. */
export function formatZone(now: number): string {
  const { zone, language } = usedLocale();
  const offset = new Intl.DateTimeFormat(language, { timeZone: zone, timeZoneName: 'shortOffset' })
    .formatToParts(now)
    .find(({ type }) => type === 'timeZoneName')?.value;
  return offset === undefined || offset === zone ? zone : `${zone} (${offset})`;
}

/** `512 bytes`, `1.4 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return plural(bytes, { one: '1 byte', other: `${bytes} bytes` });
  return bytes < 1_000_000
    ? t`${decimal().format(bytes / 1_000)} kB`
    : t`${decimal().format(bytes / 1_000_000)} MB`;
}
