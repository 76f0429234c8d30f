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

/** Choices from enum words of the API. */
export function wordChoices(words: readonly string[], chosen: string): Choice[] {
  return withChosen(
    words.map((word) => ({ value: word, label: formatWord(word) })),
    chosen,
  );
}
