import { describe, expect, it } from 'vitest';
import type { NodeType } from '../../../shared/graph/useNodeTypes';
import nodeTypes from '../../../test/nodeTypes.json';
import {
  type Field,
  fieldOf,
  initialValue,
  labelOf,
  labelsIn,
  type Path,
  type Schema,
  valueAt,
  variantOf,
  withValue,
} from './schema';

const TYPES = nodeTypes as unknown as NodeType[];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Leaf {
  path: Path;
  kind: Field['kind'];
}

/** Every field that the form of this schema shows for a value, including nested fields. */
function leaves(schema: Schema, root: Schema, value: unknown, path: Path = []): Leaf[] {
  const field = fieldOf(schema, root);
  const inner = (name: string | number, of: Schema) =>
    leaves(of, root, valueAt(value, [name]), [...path, name]);
  if (value === undefined) return [];
  switch (field.kind) {
    case 'OBJECT':
      return field.properties.flatMap(({ name, schema: of }) => inner(name, of));
    case 'VARIANTS': {
      const variant = variantOf(field, value);
      const rest = variant ? fieldOf(variant.schema, root) : undefined;
      const properties = rest?.kind === 'OBJECT' ? rest.properties : [];
      return properties.flatMap(({ name, schema: of }) => inner(name, of));
    }
    case 'LIST':
      return (value as unknown[]).flatMap((_, index) => inner(index, field.item));
    case 'MAP':
      return isObject(value) ? Object.keys(value).flatMap((name) => inner(name, field.value)) : [];
    default:
      return [{ path, kind: field.kind }];
  }
}

describe.each(TYPES)('the form of $type', ({ type, configSchema, example }) => {
  it('shows every value of the documented example, and writes it back unchanged', () => {
    const shown = leaves(configSchema, configSchema, example);
    let written: unknown = structuredClone(example);
    let rebuilt: unknown = {};
    for (const { path } of shown) {
      const value = valueAt(example, path);
      expect(value).toBeDefined();
      written = withValue(written, path, value);
      rebuilt = withValue(rebuilt, path, value);
    }
    expect(written).toEqual(example);
    // The form can edit every part of the example.
    expect(rebuilt).toEqual(example);
    expect(shown.map(({ kind }) => kind)).not.toContain('JSON');
  });

  it('starts with everything that is required', () => {
    const config = initialValue(configSchema, configSchema);
    expect(isObject(config)).toBe(true);
    if (type === 'TRIGGER') expect(config).toEqual({ triggerType: 'WEBHOOK' });
    if (type === 'SEND_MESSAGE') {
      expect(config).toEqual({
        recipients: { kind: 'TRIGGER_CONTACT' },
        channels: [{ channel: 'EMAIL', templateId: '' }],
      });
    }
    if (type === 'CONDITION') expect(config).toEqual({ kind: 'HAS_TAG', tag: '' });
  });
});

describe('values by their paths', () => {
  it('are set, added and removed without changing the original', () => {
    const config = { rules: [{ label: 'a' }, { label: 'b' }], x: { y: 1 } };
    expect(withValue(config, ['rules', 1, 'label'], 'c')).toEqual({
      ...config,
      rules: [{ label: 'a' }, { label: 'c' }],
    });
    expect(withValue(config, ['rules', 0], undefined)).toEqual({
      ...config,
      rules: [{ label: 'b' }],
    });
    expect(withValue(config, ['x', 'y'], undefined)).toEqual({ ...config, x: {} });
    expect(withValue({}, ['list', 0, 'a'], 1)).toEqual({ list: [{ a: 1 }] });
    expect(config.rules).toHaveLength(2);
  });
});

it('a node that names its branches has them as labels', () => {
  const schema = TYPES.find(({ type }) => type === 'SWITCH')?.configSchema ?? {};
  const rules = [{ field: 'x', label: 'pro' }, { field: 'y', label: '' }];
  expect(labelsIn({ rules }, schema, schema)).toEqual(['pro', 'otherwise']);
});

it('field names are shown as words', () => {
  expect(['delayMinutes', 'url', 'templateId'].map(labelOf)).toEqual([
    'Delay minutes',
    'URL',
    'Template ID',
  ]);
});
