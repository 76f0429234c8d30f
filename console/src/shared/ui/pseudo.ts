/** English in wide letters: `Ｒｕｎ ｎｏｗ`. A text in usual letters is not in the catalogue. */

import type { Messages } from '@lingui/core';
import { messages as english } from '../../locales/en.po';

const WIDER = 'Ａ'.charCodeAt(0) - 'A'.charCodeAt(0);

/** Leaves the tags of elements as they are: `<0>`. */
function widen(text: string): string {
  return text.replaceAll(/<[^>]*>|[A-Za-z]/g, (part) =>
    part.length > 1 ? part : String.fromCharCode(part.charCodeAt(0) + WIDER),
  );
}

/** A token is a text or a value, which may have cases: `['count', 'plural', {one: ['# run']}]`. */
function widenToken(token: unknown): unknown {
  if (typeof token === 'string') return widen(token);
  if (!Array.isArray(token)) return token;
  const [name, type, cases] = token as unknown[];
  if (typeof cases !== 'object' || cases === null) return token;
  const wide = Object.entries(cases).map(([key, tokens]) => [key, widenTokens(tokens)] as const);
  return [name, type, Object.fromEntries(wide)];
}

function widenTokens(tokens: unknown): unknown {
  return Array.isArray(tokens) ? tokens.map(widenToken) : tokens;
}

export const messages = Object.fromEntries(
  Object.entries(english).map(([id, message]) => [
    id,
    typeof message === 'string' ? widen(message) : widenTokens(message),
  ]),
) as Messages;
