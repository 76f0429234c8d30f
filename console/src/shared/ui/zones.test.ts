import { expect, it } from 'vitest';
import { fromClock, isSameDay, isSameYear, offsetAt, toClock } from './zones';

const at = (time: string) => Date.parse(time);

it.each([
  ['UTC', '2026-03-01T08:20', '2026-03-01T08:20:00Z'],
  ['Asia/Kathmandu', '2026-03-01T14:05', '2026-03-01T08:20:00Z'],
  ['America/St_Johns', '2026-07-01T00:00', '2026-07-01T02:30:00Z'],
  ['Pacific/Kiritimati', '2027-01-01T00:00', '2026-12-31T10:00:00Z'],
  ['Europe/Berlin', '2026-07-01T12:00', '2026-07-01T10:00:00Z'],
])('in %s, %s is %s', (zone, clock, time) => {
  expect(fromClock(clock, zone)).toBe(at(time));
  expect(toClock(at(time), zone)).toBe(clock);
});

it('a time that comes twice is the first of them', () => {
  expect(fromClock('2026-10-25T02:30', 'Europe/Berlin')).toBe(at('2026-10-25T00:30:00Z'));
  expect(fromClock('2026-10-25T03:00', 'Europe/Berlin')).toBe(at('2026-10-25T02:00:00Z'));
});

it('a time that clocks skip is moved by what they skip', () => {
  const moved = fromClock('2026-03-29T02:30', 'Europe/Berlin');
  expect(moved).toBe(at('2026-03-29T01:30:00Z'));
  expect(toClock(moved ?? 0, 'Europe/Berlin')).toBe('2026-03-29T03:30');
});

it('what is no time has no moment', () => {
  expect(fromClock('', 'UTC')).toBeNull();
  expect(fromClock('2026-13-01T00:00', 'UTC')).toBeNull();
});

it('offsets hold for moments between seconds and before 1970', () => {
  expect(offsetAt(at('2026-03-01T08:20:00.999Z'), 'Asia/Kathmandu')).toBe(20_700_000);
  expect(offsetAt(at('1969-12-31T23:59:59.500Z'), 'UTC')).toBe(0);
});

it('days and years are those of the zone', () => {
  const [one, other] = [at('2026-12-31T18:14:00Z'), at('2026-12-31T18:15:00Z')];
  expect(isSameDay(one, other, 'UTC')).toBe(true);
  expect(isSameDay(one, other, 'Asia/Kathmandu')).toBe(false);
  expect(isSameYear(one, other, 'Asia/Kathmandu')).toBe(false);
});
