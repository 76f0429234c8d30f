import { t } from '@lingui/core/macro';
import { formatWord } from '../../../../shared/ui/format';
import { labelOf } from '../schema';

export interface Choice {
  value: string;
  label: string;
}

/** The choices; a current value that is not among them comes first. */
export function withChosen(choices: readonly Choice[], chosen: string): Choice[] {
  const isKnown = choices.some(({ value }) => value === chosen);
  return isKnown ? [...choices] : [{ value: chosen, label: chosen || t`Choose…` }, ...choices];
}

/** Values that are not labeled as their names suggest. */
const LABELS: Readonly<Record<string, string>> = {
  '': t`None`,
  ' ': t`A space`,
  ',': t`A comma`,
  BASE64: t`Base64`,
  BASIC: t`Basic: user name and password`,
  CLOUDEVENTS: t`CloudEvents`,
  ECDSA_P256: t`ECDSA P-256`,
  ED25519: t`Ed25519`,
  HEX: t`Hexadecimal`,
  HMAC: t`HMAC: a keyed hash`,
  JSON: 'JSON',
  NONE: t`None: the sender is not verified`,
  PUBLIC_KEY: t`Public key`,
  SHA1: 'SHA-1',
  SHA256: 'SHA-256',
  SHA512: 'SHA-512',
  SNS: t`Amazon SNS`,
  TOKEN: t`Token: the secret in a header`,
  email: t`E-mail`,
  externalId: t`External id`,
  id: 'Id',
};

/** Written in capital letters everywhere. */
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'HTTP']);

/** How the form writes a value of a choice. */
export function choiceLabel(word: string): string {
  const written = LABELS[word];
  if (written !== undefined) return written;
  if (METHODS.has(word)) return word;
  return /^[A-Z0-9_]+$/.test(word) ? formatWord(word) : labelOf(word);
}

/** Choices from enum words of the API. `mayBeEmpty`: no value is one of them. */
export function wordChoices(
  words: readonly string[],
  chosen: string,
  mayBeEmpty = false,
): Choice[] {
  const all = mayBeEmpty && !words.includes('') ? ['', ...words] : words;
  return withChosen(
    all.map((word) => ({ value: word, label: choiceLabel(word) })),
    chosen,
  );
}
