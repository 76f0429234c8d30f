/**
 * Makes a made-up event of a real one. The example is stored with the automation, where an erasure
 * does not look, so it must not hold anybody's data.
 */

const EMAIL = /^[^\s@]+@[^\s@]+$/;
const URL_TEXT = /^https?:\/\//i;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DATE_TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/;
const DIGITS = /^\+?[\d\s()./-]+$/;
/** Longer numbers may be phone numbers or ids. */
const LARGE = 1_000_000;
/** The example has a limit of size; one element shows the shape of a list. */
const MAX_ITEMS = 3;

function madeUpText(text: string): string {
  if (text === '') return text;
  if (EMAIL.test(text)) return 'ada@example.com';
  if (URL_TEXT.test(text)) return 'https://example.com/';
  if (DATE.test(text)) return '2030-01-31';
  if (DATE_TIME.test(text)) return '2030-01-31T09:00:00Z';
  if (DIGITS.test(text)) return text.startsWith('+') ? '+4915112345678' : text.replaceAll(/\d/g, '1');
  return 'text';
}

/** The value with the same shape, whose texts and large numbers are made up. */
export function madeUp(value: unknown): unknown {
  if (typeof value === 'string') return madeUpText(value);
  if (typeof value === 'number') return Math.abs(value) < LARGE ? value : LARGE;
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map(madeUp);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !EMAIL.test(name))
      .map(([name, inner]) => [name, madeUp(inner)]),
  );
}
