import { formatWord } from '../../../../shared/ui/format';

export interface Choice {
  value: string;
  label: string;
}

/** The choices, with what is chosen at their head where it is none of them. */
export function withChosen(choices: readonly Choice[], chosen: string): Choice[] {
  const isKnown = choices.some(({ value }) => value === chosen);
  return isKnown ? [...choices] : [{ value: chosen, label: chosen || 'Choose…' }, ...choices];
}

/** Words of the API to choose from. */
export function wordChoices(words: readonly string[], chosen: string): Choice[] {
  return withChosen(
    words.map((word) => ({ value: word, label: formatWord(word) })),
    chosen,
  );
}
