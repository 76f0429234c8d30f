import { expect, it } from 'vitest';
import schema from '../api/schema.ts?raw';
import { WORDS } from './words';

/** Names of a protocol or a sender, which no text shows as a word. */
const NAMES = ['SNS'];

it('each word of the API is in the catalogue', () => {
  const words = new Set([...schema.matchAll(/"([A-Z][A-Z0-9_]+)"/g)].map(([, word = '']) => word));
  expect([...words].filter((word) => WORDS[word] === undefined)).toEqual(NAMES);
});
