/** Which fields of a contact a column of a file can fill. */

import { t } from '@lingui/core/macro';
import type {
  ContactImport,
  ImportColumn,
  ImportFormat,
  ImportMapping,
  ImportStart,
} from '../../shared/api/types';
import { formatWord } from '../../shared/ui/format';

export interface FieldChoice {
  value: string;
  label: string;
}

interface ChoiceGroup {
  group: string;
  items: FieldChoice[];
}

/**
 * What the columns fill, by the place of the column: a field, or `NUMBER:` or `BOOLEAN:` and a
 * custom field; empty if a column is left out.
 */
export type Mapping = string[];

/** What a person chooses before an import starts. `tags` are as written. */
export interface Choices {
  mapping: Mapping;
  /** The field by which contacts are found. */
  key: string;
  tags: string;
}

type Kind = ImportStart['columns'][number]['kind'];

const CUSTOM = 'metadata.';
const EXTERNAL_ID = 'externalIds.';
const PLAIN: FieldChoice[] = [
  { value: 'email', label: t`E-mail` },
  { value: 'phone', label: t`Phone` },
  { value: 'firstName', label: t`First name` },
  { value: 'lastName', label: t`Last name` },
  { value: 'tags', label: t`Tags` },
];
const CONSENTS: FieldChoice[] = [
  { value: 'consents.marketing', label: t`Marketing consent` },
  { value: 'consents.transactional', label: t`Transactional consent` },
  { value: 'consents.source', label: t`Source of the consents` },
  { value: 'consents.date', label: t`Date of the consents` },
];
const CHANNEL_CONSENTS: FieldChoice[] = ['EMAIL', 'SMS', 'WHATSAPP'].flatMap((channel) => [
  {
    value: `consents.channels.${channel}.marketing`,
    label: t`Marketing consent: ${formatWord(channel)}`,
  },
  {
    value: `consents.channels.${channel}.transactional`,
    label: t`Transactional consent: ${formatWord(channel)}`,
  },
]);

/** The endings of the names of files that can be imported. */
export const ENDINGS = ['.csv', '.tsv', '.txt', '.jsonl', '.ndjson', '.json'];

export function hasKnownEnding(name: string): boolean {
  return ENDINGS.some((ending) => name.toLowerCase().endsWith(ending));
}

/** The format of a file with this name. */
export function formatOf(name: string): ImportFormat {
  return /\.(jsonl|ndjson|json)$/i.test(name) ? 'JSONL' : 'CSV';
}

/** The field and kind of a choice. */
function chosen(choice: string): { field: string; kind: Kind } {
  if (choice.startsWith('NUMBER:')) return { field: choice.slice(7), kind: 'NUMBER' };
  if (choice.startsWith('BOOLEAN:')) return { field: choice.slice(8), kind: 'BOOLEAN' };
  return { field: choice, kind: 'TEXT' };
}

/** The name of a column as the name of a custom field, which has no dots. */
function customName({ name, field }: ImportColumn): string {
  if (field?.startsWith(CUSTOM)) return field.slice(CUSTOM.length);
  return name.replaceAll('.', ' ').trim().slice(0, 100);
}

/** The name of a column as the name of an external id, or null if it cannot be one. */
function externalName({ name: column, field }: ImportColumn): string | null {
  if (field?.startsWith(EXTERNAL_ID)) return field.slice(EXTERNAL_ID.length);
  const name = column
    .replace(/^[^A-Za-z]+/, '')
    .replaceAll(/[^A-Za-z0-9_-]+/g, '_')
    .slice(0, 40);
  const lower = name.charAt(0).toLowerCase() + name.slice(1);
  return lower === '' || lower === 'tel' ? null : lower;
}

function customChoices(name: string, format: ImportFormat): FieldChoice[] {
  const text = { value: `${CUSTOM}${name}`, label: t`Custom field “${name}”` };
  // The values of JSON Lines have their kinds.
  if (format === 'JSONL') return [text];
  return [
    text,
    { value: `NUMBER:${CUSTOM}${name}`, label: t`Custom field “${name}”, a number` },
    { value: `BOOLEAN:${CUSTOM}${name}`, label: t`Custom field “${name}”, yes or no` },
  ];
}

/** The fields to choose from for a column. `choice` is the present one. */
export function choicesOf(
  column: ImportColumn,
  format: ImportFormat,
  choice: string,
): (FieldChoice | ChoiceGroup)[] {
  const custom = customName(column);
  const external = externalName(column);
  const own = [
    ...(custom === '' ? [] : customChoices(custom, format)),
    ...(external === null
      ? []
      : [{ value: `${EXTERNAL_ID}${external}`, label: t`External id “${external}”` }]),
  ];
  const known = [...PLAIN, ...own, ...CONSENTS, ...CHANNEL_CONSENTS];
  if (choice !== '' && !known.some(({ value }) => value === choice)) {
    own.push({ value: choice, label: chosen(choice).field });
  }
  return [
    { value: '', label: t`Leave out` },
    { group: t`Contact`, items: PLAIN },
    ...(own.length === 0 ? [] : [{ group: t`Own fields`, items: own }]),
    { group: t`Consents for all channels`, items: CONSENTS },
    { group: t`Consents for one channel`, items: CHANNEL_CONSENTS },
  ];
}

/** The choices by the names of the columns; each field is filled by one column. */
export function suggestedChoices(columns: ImportColumn[]): Choices {
  const taken = new Set<string>();
  const mapping = columns.map(({ field }) => {
    if (field === null || taken.has(field)) return '';
    taken.add(field);
    return field;
  });
  return { mapping, key: '', tags: '' };
}

/** The choices with which an import was started. */
export function startedChoices(columns: ImportColumn[], mapping: ImportMapping): Choices {
  const choices = new Map(
    mapping.columns.map(({ column, field, kind }) => [
      column,
      kind === 'TEXT' ? field : `${kind}:${field}`,
    ]),
  );
  return {
    mapping: columns.map(({ name }) => choices.get(name) ?? ''),
    key: mapping.by === 'externalId' ? `${EXTERNAL_ID}${mapping.name ?? ''}` : mapping.by,
    tags: mapping.tags.join(', '),
  };
}

/** The fields of a mapping by which contacts can be found. */
export function keysOf(mapping: Mapping): string[] {
  return mapping.filter(
    (field) => field === 'email' || field === 'phone' || field.startsWith(EXTERNAL_ID),
  );
}

/** The field by which contacts are found: the chosen one, or the first that a column fills. */
export function keyOf({ mapping, key }: Choices): string {
  const keys = keysOf(mapping);
  return keys.includes(key) ? key : (keys[0] ?? '');
}

/** `E-mail`, or `External id “crm”`. */
export function keyLabel(field: string): string {
  const plain = PLAIN.find(({ value }) => value === field);
  return plain?.label ?? t`External id “${field.slice(EXTERNAL_ID.length)}”`;
}

/** The fields that several columns fill. */
export function repeatedFields(mapping: Mapping): Set<string> {
  const fields = mapping.map((choice) => chosen(choice).field);
  return new Set(fields.filter((field, place) => field !== '' && fields.indexOf(field) !== place));
}

/** Whether several columns fill the field of a choice. */
export function isRepeated(choice: string, repeated: Set<string>): boolean {
  return repeated.has(chosen(choice).field);
}

/** The document that starts an import, without its parts and kind of run. */
export function mappingDocument(columns: ImportColumn[], choices: Choices): ImportMapping {
  const key = keyOf(choices);
  const isExternal = key.startsWith(EXTERNAL_ID);
  return {
    by: isExternal ? 'externalId' : key === 'phone' ? 'phone' : 'email',
    name: isExternal ? key.slice(EXTERNAL_ID.length) : null,
    columns: columns.flatMap(({ name }, place) => {
      const choice = choices.mapping[place] ?? '';
      return choice === '' ? [] : [{ column: name, ...chosen(choice) }];
    }),
    tags: choices.tags
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
  };
}

/** Whether these are the choices that the import checked. */
export function wereChecked(made: ContactImport, columns: ImportColumn[], choices: Choices): boolean {
  if (made.status !== 'CHECKED' || made.mapping === null) return false;
  const checked = mappingDocument(columns, startedChoices(columns, made.mapping));
  return JSON.stringify(checked) === JSON.stringify(mappingDocument(columns, choices));
}
