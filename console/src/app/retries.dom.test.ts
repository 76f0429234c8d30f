import { expect, it } from 'vitest';
import { ApiError, OfflineError } from '../shared/api/problem';
import { createQueryClient } from './App';

const { retry, retryDelay } = createQueryClient().getDefaultOptions().queries ?? {};

/** Milliseconds until a request is retried after its first failure; null if it is not. */
function delayAfter(error: Error): number | null {
  if (typeof retry !== 'function' || typeof retryDelay !== 'function') throw new Error('no rules');
  return retry(0, error) ? retryDelay(0, error) : null;
}

function refused(status: number, retryAfterSeconds: number | null = null): ApiError {
  return new ApiError(status, 'No', null, retryAfterSeconds);
}

it.each([
  ['no answer', new OfflineError(null), 1_000],
  ['a server that failed', refused(503), 1_000],
  ['too many requests', refused(429), 1_000],
  ['a short Retry-After', refused(429, 3), 3_000],
  ['a long Retry-After', refused(429, 60), null],
  ['a refused request', refused(403), null],
  ['a bug of the console', new TypeError('x'), null],
])('retries after %s only if that may help', (_, error, delay) => {
  expect(delayAfter(error)).toBe(delay);
});
