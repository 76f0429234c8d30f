/** Forms from JSON Schema: the kind of field for a schema, and values by their paths. */

import { CHANNELS } from '../../../shared/api/types';
import { capitalize } from '../../../shared/ui/format';

export type Schema = Record<string, unknown>;
export type Path = readonly (string | number)[];

export const PICKS = ['CHANNEL', 'TEMPLATE', 'SEGMENT', 'AUTOMATION', 'TIME_ZONE'] as const;
export type Picks = (typeof PICKS)[number];
/** What a real event can fill in. */
export const EVENT_PARTS = ['EVENT_PATH', 'EVENT_HEADER'] as const;
export type EventPart = (typeof EVENT_PARTS)[number];

export interface Property {
  name: string;
  schema: Schema;
  isRequired: boolean;
}

export interface Variant {
  /** The tag's values that select this variant. */
  values: string[];
  description: string;
  schema: Schema;
}

/** JSON has no form and is edited as JSON. ANY takes any value, with a choice of its kind. */
export type Field =
  | { kind: 'CONST'; value: unknown }
  | { kind: 'CHOICE'; options: (string | number)[] }
  | { kind: 'PICK'; picks: Picks }
  | { kind: 'TEXT'; isLong: boolean }
  | { kind: 'EVENT_PART'; part: EventPart }
  | { kind: 'NUMBER'; minimum: number | undefined; maximum: number | undefined }
  | { kind: 'BOOLEAN' }
  | { kind: 'LIST'; item: Schema; maximum: number | undefined }
  | { kind: 'OBJECT'; properties: Property[] }
  | { kind: 'VARIANTS'; tag: string; variants: Variant[] }
  | { kind: 'MAP'; value: Schema }
  | { kind: 'ANY' }
  | { kind: 'JSON' };

/** A text with a greater maximum length gets a field of several lines. */
const LONG_TEXT = 300;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function without(fields: Record<string, unknown>, name: string | number): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([each]) => each !== String(name)));
}

function listOf(value: unknown): Schema[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The schema with its reference resolved; its own keywords win. */
export function resolve(schema: Schema, root: Schema): Schema {
  const { $ref, ...own } = schema;
  if (typeof $ref !== 'string') return schema;
  const name = $ref.replace('#/$defs/', '');
  const found = isObject(root.$defs) ? root.$defs[name] : undefined;
  return isObject(found) ? resolve({ ...found, ...own }, root) : own;
}

function isNull(schema: Schema): boolean {
  return schema.type === 'null';
}

/** Whether the value may be null, and the schema of a value that is not null. */
export function withoutNull(schema: Schema, root: Schema): { schema: Schema; isNullable: boolean } {
  const full = resolve(schema, root);
  const members = listOf(full.anyOf);
  if (!members.some(isNull)) return { schema: full, isNullable: false };
  const own = without(full, 'anyOf');
  const others = members.filter((member) => !isNull(member));
  const [only] = others;
  if (others.length === 1 && only) {
    return { schema: { ...resolve(only, root), ...own }, isNullable: true };
  }
  return { schema: { ...own, anyOf: others }, isNullable: true };
}

function propertiesOf(schema: Schema): Property[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const properties = isObject(schema.properties) ? schema.properties : {};
  return Object.entries(properties).flatMap(([name, inner]) =>
    isObject(inner) ? [{ name, schema: inner, isRequired: required.includes(name) }] : [],
  );
}

function tagValues(schema: Schema, tag: string): string[] {
  const property = propertiesOf(schema).find(({ name }) => name === tag)?.schema ?? {};
  const values = Array.isArray(property.enum) ? property.enum : [property.const];
  return values.filter((value) => typeof value === 'string');
}

function variantsOf(schema: Schema, root: Schema): Field | null {
  const members = listOf(schema.oneOf).map((member) => resolve(member, root));
  const tag = isObject(schema.discriminator) ? schema.discriminator.propertyName : undefined;
  if (members.length === 0 || typeof tag !== 'string') return null;
  const variants = members.map((member) => ({
    values: tagValues(member, tag),
    description: typeof member.description === 'string' ? member.description : '',
    schema: member,
  }));
  return variants.every(({ values }) => values.length > 0)
    ? { kind: 'VARIANTS', tag, variants }
    : null;
}

function mapValue(schema: Schema): Schema | null {
  if (isObject(schema.additionalProperties)) return schema.additionalProperties;
  const patterns = isObject(schema.patternProperties) ? schema.patternProperties : {};
  const [only, ...others] = Object.values(patterns);
  return isObject(only) && others.length === 0 ? only : null;
}

function textField(schema: Schema): Field {
  const picks = PICKS.find((each) => each === schema.picks);
  if (picks) return { kind: 'PICK', picks };
  const part = EVENT_PARTS.find((each) => each === schema.picks);
  if (part) return { kind: 'EVENT_PART', part };
  return { kind: 'TEXT', isLong: (numberOf(schema.maxLength) ?? 0) >= LONG_TEXT };
}

function anyOfField(members: Schema[]): Field {
  const types = members.map(({ type }) => type);
  const areScalars = types.every((type) => type === 'string' || type === 'integer');
  // For statuses: a number equals its digits.
  if (areScalars) return { kind: 'TEXT', isLong: false };
  return types.includes('string') ? { kind: 'ANY' } : { kind: 'JSON' };
}

/** The kind of field for a schema, ignoring null. */
export function fieldOf(schema: Schema, root: Schema): Field {
  const full = withoutNull(schema, root).schema;
  const variants = variantsOf(full, root);
  if (variants) return variants;
  if ('const' in full) return { kind: 'CONST', value: full.const };
  if (Array.isArray(full.enum)) {
    const options = full.enum.map((each) => (typeof each === 'number' ? each : String(each)));
    return { kind: 'CHOICE', options };
  }
  const members = listOf(full.anyOf).map((member) => resolve(member, root));
  if (members.length > 0) return anyOfField(members);
  const { minimum, maximum } = full;
  switch (full.type) {
    case 'string':
      return textField(full);
    case 'integer':
    case 'number':
      return { kind: 'NUMBER', minimum: numberOf(minimum), maximum: numberOf(maximum) };
    case 'boolean':
      return { kind: 'BOOLEAN' };
    case 'array':
      return isObject(full.items)
        ? { kind: 'LIST', item: full.items, maximum: numberOf(full.maxItems) }
        : { kind: 'JSON' };
    case 'object': {
      const value = mapValue(full);
      if (value) return { kind: 'MAP', value };
      if (full.additionalProperties === true && !isObject(full.properties)) return { kind: 'JSON' };
      return { kind: 'OBJECT', properties: propertiesOf(full) };
    }
    case undefined:
      return { kind: 'ANY' };
    default:
      return { kind: 'JSON' };
  }
}

/** The variant of a value; the first if its tag selects none. */
export function variantOf(
  field: Extract<Field, { kind: 'VARIANTS' }>,
  value: unknown,
): Variant | undefined {
  const tag = isObject(value) ? value[field.tag] : undefined;
  return field.variants.find(({ values }) => values.some((each) => each === tag)) ?? field.variants[0];
}

/** An initial value: the required fields, as empty as the schema allows. */
export function initialValue(schema: Schema, root: Schema): unknown {
  const full = withoutNull(schema, root).schema;
  if (full.default !== undefined && full.default !== null) return structuredClone(full.default);
  const field = fieldOf(full, root);
  switch (field.kind) {
    case 'CONST':
      return field.value;
    case 'CHOICE':
      return field.options[0] ?? '';
    case 'PICK':
      return field.picks === 'CHANNEL' ? CHANNELS[0] : '';
    case 'TEXT':
    case 'EVENT_PART':
    case 'ANY':
      return '';
    case 'NUMBER':
      return field.minimum ?? 0;
    case 'BOOLEAN':
      return false;
    case 'LIST':
      return [initialValue(field.item, root)];
    case 'MAP':
      return {};
    case 'JSON':
      return null;
    case 'OBJECT':
      return initialObject(field.properties, root);
    case 'VARIANTS': {
      const [first] = field.variants;
      return first ? initialVariant(field.tag, first, root, first.values[0]) : {};
    }
  }
}

function initialObject(properties: Property[], root: Schema): Record<string, unknown> {
  return Object.fromEntries(
    properties
      .filter(({ isRequired }) => isRequired)
      .map(({ name, schema }) => [name, initialValue(schema, root)]),
  );
}

/** The variant's initial value, with the previous value of shared fields. */
export function initialVariant(
  tag: string,
  variant: Variant,
  root: Schema,
  choice: string | undefined,
  before: Record<string, unknown> = {},
): Record<string, unknown> {
  const properties = propertiesOf(variant.schema);
  const names = new Set(properties.map(({ name }) => name));
  const kept = Object.fromEntries(Object.entries(before).filter(([name]) => names.has(name)));
  const rest = without({ ...initialObject(properties, root), ...kept }, tag);
  // The tag comes first, as readers of the JSON expect it there.
  return { [tag]: choice, ...rest };
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((place, step) => {
    if (Array.isArray(place)) return (place as unknown[])[Number(step)];
    return isObject(place) ? place[step] : undefined;
  }, value);
}

/** Returns the value with another value at the path; undefined removes a field or list item. */
export function withValue(value: unknown, path: Path, next: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return next;
  if (Array.isArray(value) || typeof step === 'number') {
    const items: unknown[] = Array.isArray(value) ? [...(value as unknown[])] : [];
    const index = Number(step);
    if (rest.length === 0 && next === undefined) items.splice(index, 1);
    else items[index] = withValue(items[index], rest, next);
    return items;
  }
  const fields = isObject(value) ? { ...value } : {};
  if (rest.length > 0 || next !== undefined) {
    return { ...fields, [step]: withValue(fields[step], rest, next) };
  }
  return without(fields, step);
}

/** The path as the API writes it in a problem: `assignments.0.target`. */
export function pathText(path: Path): string {
  return path.join('.');
}

/** `delayMinutes` → `Delay minutes`. */
export function labelOf(name: string): string {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
  return capitalize(words.replaceAll(/\b(url|id)\b/g, (word) => word.toUpperCase()));
}

/** The branches that a config names, in its fields called …label. */
export function labelsIn(value: unknown, schema: Schema, root: Schema): string[] {
  const field = fieldOf(schema, root);
  if (field.kind === 'LIST') {
    const items: unknown[] = Array.isArray(value) ? value : [];
    return items.flatMap((item) => labelsIn(item, field.item, root));
  }
  if (field.kind !== 'OBJECT') return [];
  return field.properties.flatMap(({ name, schema: inner }) => {
    const own = isObject(value) ? value[name] : undefined;
    if (!/label$/i.test(name)) return labelsIn(own, inner, root);
    const text = own ?? resolve(inner, root).default;
    return typeof text === 'string' && text !== '' ? [text] : [];
  });
}
