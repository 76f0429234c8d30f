import { expect, it } from 'vitest';
import { normalizeEmail } from './email';

it.each([
  ['ada@example.com', 'ada@example.com'],
  [' Ada@Example.COM ', 'ada@example.com'],
  ['jose@cafe\u0301.example', 'jose@caf\u00e9.example'],
  ['', ''],
])('%s is %s in the user pool', (typed, normal) => {
  expect(normalizeEmail(typed)).toBe(normal);
});
