import { afterEach, expect, it } from 'vitest';
import { applySetting, BROWSER_SETTING, formatName, FORMATS, parseSetting, perLocale, usedLocale, zoneNames } from './locale';

afterEach(() => {
  applySetting(BROWSER_SETTING);
});

it('the browser decides what the person left open', () => {
  expect(usedLocale()).toEqual({
    language: 'en',
    formats: navigator.languages,
    zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    hourCycle: 'h23',
  });
});

it('a kept setting is read as it was written', () => {
  const setting = { language: 'en', format: 'de-DE', zone: 'Asia/Kathmandu', clock: '12' } as const;
  expect(parseSetting(JSON.stringify(setting))).toEqual(setting);
});

it.each([
  null,
  'not JSON',
  '"text"',
  '{"format":"no such tag!","zone":"Europe/Atlantis","clock":"13"}',
  '{"format":7,"zone":null}',
])('%s leaves everything to the browser', (kept) => {
  expect(parseSetting(kept)).toEqual(BROWSER_SETTING);
});

it('a value is made once for each setting', () => {
  const zone = perLocale((locale) => ({ zone: locale.zone }));
  const first = zone();
  expect(zone()).toBe(first);
  applySetting({ ...BROWSER_SETTING, zone: 'Asia/Kathmandu' });
  expect(zone()).toEqual({ zone: 'Asia/Kathmandu' });
});

it('each format that is offered has a name', () => {
  expect(formatName('de-DE')).toBe('German (Germany)');
  for (const format of FORMATS) expect(formatName(format)).toMatch(/\(.+\)$/);
});

it('zones have their current names, each once, and UTC comes first', () => {
  const zones = zoneNames();
  expect(zones[0]).toBe('UTC');
  expect(new Set(zones).size).toBe(zones.length);
  expect(zones).toEqual(expect.arrayContaining(['Asia/Kathmandu', 'Asia/Kolkata', 'Europe/Kyiv']));
  expect(zones).not.toContain('Asia/Calcutta');
  for (const zone of zones) expect(parseSetting(JSON.stringify({ zone })).zone).toBe(zone);
});
