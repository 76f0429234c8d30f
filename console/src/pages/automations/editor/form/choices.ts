import { formatWord } from '../../../../shared/ui/format';

export interface Choice {
  value: string;
  label: string;
}

/** The choices; a current value that is not among them comes first. */
export function withChosen(choices: readonly Choice[], chosen: string): Choice[] {
  const isKnown = choices.some(({ value }) => value === chosen);
  return isKnown ? [...choices] : [{ value: chosen, label: chosen || 'Choose…' }, ...choices];
}

/** Values that are not labeled as their names suggest. */
const LABELS: Readonly<Record<string, string>> = {
  '': 'None',
  ' ': 'A space',
  ',': 'A comma',
  BASE64: 'Base64',
  BASIC: 'Basic: user name and password',
  CLOUDEVENTS: 'CloudEvents',
  ECDSA_P256: 'ECDSA P-256',
  ED25519: 'Ed25519',
  HEX: 'Hexadecimal',
  HMAC: 'HMAC: a keyed hash',
  NONE: 'None: nothing is proved',
  PUBLIC_KEY: 'Public key',
  SHA1: 'SHA-1',
  SHA256: 'SHA-256',
  SHA512: 'SHA-512',
  SNS: 'Amazon SNS',
  TOKEN: 'Token: the secret in a header',
  email: 'E-mail',
  externalId: 'External id',
  id: 'Id',
};

/** Choices from enum words of the API. `mayBeEmpty`: no value is one of them. */
export function wordChoices(
  words: readonly string[],
  chosen: string,
  mayBeEmpty = false,
): Choice[] {
  const all = mayBeEmpty && !words.includes('') ? ['', ...words] : words;
  return withChosen(
    all.map((word) => ({ value: word, label: LABELS[word] ?? formatWord(word) })),
    chosen,
  );
}
