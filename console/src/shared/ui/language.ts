/**
 * The language of the texts. English is in the code; another language's catalogue is loaded before
 * any other module, so that constants of modules may be texts too.
 */

import { i18n, type Messages } from '@lingui/core';

interface Catalogue {
  messages: Messages;
}

export const SOURCE_LANGUAGE = 'en';

const PATH = '../../locales/';
const files = import.meta.glob<Catalogue>(['../../locales/*.po', '!../../locales/en.po']);
const catalogues = new Map(
  Object.entries(files).map(([path, load]) => [path.slice(PATH.length, -'.po'.length), load]),
);

/** For tests and development: English with other letters, so that a text outside the catalogue shows. */
export const PSEUDO_LANGUAGE = 'en-XA';
if (import.meta.env.MODE !== 'production') catalogues.set(PSEUDO_LANGUAGE, () => import('./pseudo'));

/** All that the console can be read in; English is the first. */
export const LANGUAGES: readonly string[] = [SOURCE_LANGUAGE, ...catalogues.keys()];

/** The chosen language if it is there, else the first of the browser's that is, else English. */
export function languageFor(chosen: string | null, browser: readonly string[]): string {
  const wanted = [chosen ?? [], browser, browser.map((tag) => tag.slice(0, tag.search(/-|$/)))].flat();
  return wanted.find((tag) => LANGUAGES.includes(tag)) ?? SOURCE_LANGUAGE;
}

/** Loads the language's texts. Raises if they cannot be fetched. */
export async function activateLanguage(language: string): Promise<void> {
  const catalogue = await catalogues.get(language)?.();
  // The build has compiled the messages; what is still a string has no values.
  i18n.setMessagesCompiler((message) => [message]);
  i18n.loadAndActivate({ locale: language, messages: catalogue?.messages ?? {} });
}
