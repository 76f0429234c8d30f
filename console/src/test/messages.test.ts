import { expect, it } from 'vitest';
import catalogue from '../locales/en.po?raw';

/** The messages of the catalogue, which wraps long ones. */
function messages(): string[] {
  return [...catalogue.matchAll(/^msgid ((?:".*"\n)+)/gm)].map(([, quoted = '']) =>
    [...quoted.matchAll(/"(.*)"/g)].map(([, text]) => text).join(''),
  );
}

const COUNTED = 'bytes characters contacts deliveries events fields items messages ones problems reruns results rows runs steps times tries changes';

it('a count before a noun has cases', () => {
  const noun = new RegExp(`\\{\\w+\\}\\+? (?:earlier |failed |more |open )?(?:${COUNTED.replaceAll(' ', '|')})\\b`);
  const single = messages().filter((text) => !/\{\w+, plural,/.test(text));
  expect(single.filter((text) => noun.test(text))).toEqual([]);
});

it('no message is the end or the beginning of a sentence that continues in another', () => {
  const all = messages().filter((text) => text !== '');
  expect(all.length).toBeGreaterThan(1_000);
  // Another language may need another order, so a sentence is one message.
  expect(all.filter((text) => text.trim() !== text || /^[,;:.·)]/.test(text) || /[,(·]$/.test(text))).toEqual([]);
});
