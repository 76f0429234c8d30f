/**
 * How times and numbers are written: as the browser does, or as the person chose on their account's
 * page. The choice is kept in the browser. Only this folder's locale.ts, zones.ts and format.ts use
 * Intl.
 */

import { i18n } from '@lingui/core';

const KEY = 'runledger.locale';

export type Clock = '24' | '12';

/** What a person chose; null means the browser's. */
export interface LocaleSetting {
  /** The language of the texts: `en`. */
  language: string | null;
  /** A language and region whose dates and numbers are written: `de-DE`. */
  format: string | null;
  /** A time zone of the IANA database: `Asia/Kathmandu`. */
  zone: string | null;
  clock: Clock;
}

/** A day has 24 hours unless the person chose otherwise, because log times must sort and compare. */
export const BROWSER_SETTING: LocaleSetting = { language: null, format: null, zone: null, clock: '24' };

/** A setting without gaps, ready for Intl. */
export interface Locale {
  /** Of words in a sentence, such as `2 min. ago`. */
  language: string;
  /** In the order of preference. */
  formats: readonly string[];
  zone: string;
  hourCycle: 'h23' | 'h12';
}

/** Offered on the account's page. Others work too, if the browser prefers them. */
export const FORMATS = [
  'en-US', 'en-GB', 'en-AU', 'en-CA', 'en-IE', 'en-IN', 'en-ZA',
  'cs-CZ', 'da-DK', 'de-AT', 'de-CH', 'de-DE', 'es-ES', 'es-MX', 'fi-FI', 'fr-CA', 'fr-CH', 'fr-FR',
  'hi-IN', 'hu-HU', 'id-ID', 'it-IT', 'ja-JP', 'ko-KR', 'nb-NO', 'nl-NL', 'pl-PL', 'pt-BR', 'pt-PT',
  'ro-RO', 'sv-SE', 'tr-TR', 'uk-UA', 'vi-VN', 'zh-CN', 'zh-TW',
] as const;

function isFormat(tag: unknown): tag is string {
  if (typeof tag !== 'string') return false;
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false; // Not the form of a language tag.
  }
}

function isZone(zone: unknown): zone is string {
  if (typeof zone !== 'string') return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false; // A browser of another version may not know the zone.
  }
}

/** What `text` holds; a part that this browser does not know becomes the browser's. */
export function parseSetting(text: string | null): LocaleSetting {
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? 'null');
  } catch {
    return BROWSER_SETTING; // Written by something else.
  }
  if (typeof kept !== 'object' || kept === null) return BROWSER_SETTING;
  const { language, format, zone, clock } = kept as Partial<Record<keyof LocaleSetting, unknown>>;
  return {
    language: isFormat(language) ? language : null,
    format: isFormat(format) ? format : null,
    zone: isZone(zone) ? zone : null,
    clock: clock === '12' ? '12' : '24',
  };
}

export function readSetting(): LocaleSetting {
  return parseSetting(window.localStorage.getItem(KEY));
}

/** Keeps the setting in the browser and uses it in all that is rendered from now on. */
export function saveSetting(setting: LocaleSetting): void {
  window.localStorage.setItem(KEY, JSON.stringify(setting));
  applySetting(setting);
}

/** Browsers still use the old names of these zones. */
const RENAMED_ZONES: Readonly<Record<string, string>> = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Coral_Harbour': 'America/Atikokan',
  'America/Godthab': 'America/Nuuk',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
};

function currentName(zone: string): string {
  return RENAMED_ZONES[zone] ?? zone;
}

export function browserZone(): string {
  return currentName(new Intl.DateTimeFormat().resolvedOptions().timeZone);
}

export function resolveLocale({ format, zone, clock }: LocaleSetting): Locale {
  return {
    language: i18n.locale,
    formats: format === null ? navigator.languages : [format],
    zone: zone ?? browserZone(),
    hourCycle: clock === '24' ? 'h23' : 'h12',
  };
}

let used: Locale | null = null;

/** The locale of everything that the page shows. */
export function usedLocale(): Locale {
  used ??= resolveLocale(BROWSER_SETTING);
  return used;
}

/** Formats with this setting from now on. */
export function applySetting(setting: LocaleSetting): void {
  used = resolveLocale(setting);
}

/** Makes a value when it is first needed, and again after `applySetting`. */
export function perLocale<Value>(make: (locale: Locale) => Value): () => Value {
  let made: { of: Locale; value: Value } | null = null;
  return () => {
    const locale = usedLocale();
    if (made?.of !== locale) made = { of: locale, value: make(locale) };
    return made.value;
  };
}

/** `German (Germany)`. */
export function formatName(tag: string): string {
  return new Intl.DisplayNames(i18n.locale, { type: 'language', languageDisplay: 'standard' }).of(tag) ?? tag;
}

/** All time zones by their current names; UTC is the first. */
export function zoneNames(): string[] {
  const named = new Set(Intl.supportedValuesOf('timeZone').map(currentName));
  named.delete('UTC');
  return ['UTC', ...[...named].toSorted()];
}
