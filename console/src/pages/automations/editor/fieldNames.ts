/** The names of a config's fields, as the form shows them. */

import { type Field, fieldOf, isObject, labelOf, type Schema, variantOf } from './schema';

/** The field at a path: its schema, and its name with the fields around it. */
export interface NamedField {
  /** `Assignment 1, target`; empty for the config itself. */
  name: string;
  /** Null if the schema does not know the field. */
  schema: Schema | null;
}

/** The singular of a list's label: `Rules` → `Rule`. */
export function itemLabel(label: string): string {
  return label.replace(/ies$/, 'y').replace(/(?<![su])s$/, '');
}

function propertyOf(field: Field, value: unknown, name: string, root: Schema): Schema | null {
  const variant = field.kind === 'VARIANTS' ? variantOf(field, value)?.schema : null;
  const holder = variant ? fieldOf(variant, root) : field;
  if (holder.kind !== 'OBJECT') return null;
  return holder.properties.find((each) => each.name === name)?.schema ?? null;
}

/** Each step into an object, a list or a map; an unknown one keeps its own name. */
export function namedField(root: Schema, config: unknown, path: string): NamedField {
  const names: string[] = [];
  let schema: Schema | null = root;
  let value = config;
  for (const step of path.split('.')) {
    const field: Field | null = schema && fieldOf(schema, root);
    if (field?.kind === 'LIST') {
      const list = names.pop() ?? '';
      names.push(`${itemLabel(list)} ${Number(step) + 1}`.trim());
      schema = field.item;
    } else if (field?.kind === 'MAP') {
      names.push(step);
      schema = field.value;
    } else {
      schema = field && propertyOf(field, value, step, root);
      const isPick = schema !== null && fieldOf(schema, root).kind === 'PICK';
      names.push(isPick ? labelOf(step).replace(/ ID$/, '') : labelOf(step));
    }
    value = Array.isArray(value)
      ? (value as unknown[])[Number(step)]
      : isObject(value)
        ? value[step]
        : undefined;
  }
  const name = names
    .map((each, index) => (index === 0 || !/^[A-Z][a-z]/.test(each) ? each : each.charAt(0).toLowerCase() + each.slice(1)))
    .join(', ');
  return { name, schema };
}

/** The names that a schema uses at any depth. */
interface SchemaWords {
  properties: ReadonlySet<string>;
  /** The values that its choices offer. */
  choices: ReadonlySet<string>;
}

const known = new WeakMap<Schema, SchemaWords>();

export function schemaWords(schema: Schema): SchemaWords {
  const before = known.get(schema);
  if (before) return before;
  const properties = new Set<string>();
  const choices = new Set<string>();
  const left: unknown[] = [schema];
  while (left.length > 0) {
    const each = left.pop();
    if (Array.isArray(each)) left.push(...(each as unknown[]));
    if (!isObject(each)) continue;
    if (isObject(each.properties)) {
      for (const name of Object.keys(each.properties)) properties.add(name);
    }
    const values: unknown[] = Array.isArray(each.enum) ? each.enum : [each.const];
    for (const value of values) if (typeof value === 'string') choices.add(value);
    left.push(...Object.values(each));
  }
  const words = { properties, choices };
  known.set(schema, words);
  return words;
}
