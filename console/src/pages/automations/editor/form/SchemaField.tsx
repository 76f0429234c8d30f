/** Form fields from a JSON Schema: one component for each kind of value. */

import { t } from '@lingui/core/macro';
import { Checkbox, NativeSelect } from '@mantine/core';
import type { ReactNode } from 'react';
import { CodeText } from '../../../../shared/ui/CodeText';
import classes from '../Editor.module.css';
import { fieldId } from '../elementIds';
import {
  type Field,
  fieldOf,
  initialValue,
  initialVariant,
  isObject,
  labelOf,
  type Path,
  pathText,
  type Property,
  type Schema,
  variantOf,
  withoutNull,
} from '../schema';
import { wordChoices } from './choices';
import { ListField, MapField } from './collectionFields';
import { descriptionOf } from './descriptionOf';
import { EventPartField } from './EventPartField';
import { FieldGroup } from './FieldGroup';
import type { FieldProps } from './fieldProps';
import { useForm } from './FormContext';
import { IntakeFields, isIntake } from './intake/IntakeFields';
import { ContactLookupFields, PlaceFields, SampleEventField } from './intake/specialFields';
import { AnyField, JsonField } from './jsonFields';
import { PickField } from './PickField';
import { BooleanField, ChoiceField, NumberField, TextField } from './scalarFields';

interface VariantsProps extends Omit<FieldProps, 'label'> {
  field: Extract<Field, { kind: 'VARIANTS' }>;
}

function VariantFields({ field, path, value }: VariantsProps) {
  const { root, set, nodeId, problemAt } = useForm();
  const { tag, variants } = field;
  const before = isObject(value) ? value : {};
  const variant = variantOf(field, value);
  const chosen = typeof before[tag] === 'string' ? before[tag] : '';
  const options = variants.flatMap(({ values }) => values);
  return (
    <>
      <NativeSelect
        id={fieldId(nodeId, pathText([...path, tag]))}
        label={labelOf(tag)}
        description={variant?.description !== undefined && <CodeText text={variant.description} />}
        error={problemAt([...path, tag])}
        withAsterisk
        data={wordChoices(options, chosen)}
        value={chosen}
        onChange={(event) => {
          const choice = event.currentTarget.value;
          const next = variants.find(({ values }) => values.includes(choice));
          if (next) set(path, initialVariant(tag, next, root, choice, before));
        }}
      />
      {variant && (
        <Fields schema={variant.schema} path={path} value={before} without={tag} />
      )}
    </>
  );
}

/** An optional value: a checkbox, and the field if it is checked. */
function OptionalField(props: FieldProps) {
  const { root, set, nodeId, problemAt } = useForm();
  const { schema, path, label, value } = props;
  const isSet = value !== undefined && value !== null;
  return (
    <div className={classes.optional}>
      <Checkbox
        {...(!isSet && { id: fieldId(nodeId, pathText(path)) })}
        label={label}
        description={descriptionOf(schema)}
        error={isSet ? undefined : problemAt(path)}
        checked={isSet}
        onChange={(event) => {
          set(path, event.currentTarget.checked ? initialValue(schema, root) : undefined);
        }}
      />
      {isSet && (
        <FieldGroup path={path} label={t`${label}, details`}>
          <Fields schema={withoutNull(schema, root).schema} path={path} value={value} />
        </FieldGroup>
      )}
    </div>
  );
}

function isCompound({ kind }: Field): boolean {
  return kind === 'OBJECT' || kind === 'VARIANTS';
}

function renderField(props: FieldProps): ReactNode {
  return <SchemaField {...props} />;
}

/** The field for a value's schema. */
export function SchemaField(props: FieldProps) {
  const { root } = useForm();
  const { schema: given, path, label, value } = props;
  const { schema, isNullable } = withoutNull(given, root);
  const field = fieldOf(schema, root);
  const known = { ...props, schema };
  if (isCompound(field) && isNullable) return <OptionalField {...known} />;
  switch (field.kind) {
    case 'CONST':
      return null;
    case 'CHOICE':
      return <ChoiceField {...known} options={field.options} />;
    case 'PICK':
      return <PickField {...known} picks={field.picks} />;
    case 'TEXT':
      return <TextField {...known} isLong={field.isLong} />;
    case 'EVENT_PART':
      return <EventPartField {...known} part={field.part} />;
    case 'NUMBER':
      return <NumberField {...known} field={field} />;
    case 'BOOLEAN':
      return <BooleanField {...known} />;
    case 'LIST':
      return <ListField {...known} field={field} renderField={renderField} />;
    case 'MAP':
      return <MapField {...known} inner={field.value} renderField={renderField} />;
    case 'OBJECT':
    case 'VARIANTS':
      return (
        <FieldGroup path={path} label={label} description={descriptionOf(schema)}>
          <Fields schema={schema} path={path} value={value} />
        </FieldGroup>
      );
    case 'ANY':
      return <AnyField {...known} />;
    case 'JSON':
      return pathText(path) === 'sampleEvent' ? <SampleEventField {...known} /> : <JsonField {...known} />;
  }
}

function inOrder(properties: Property[]): Property[] {
  return [
    ...properties.filter(({ isRequired }) => isRequired),
    ...properties.filter(({ isRequired }) => !isRequired),
  ];
}

/** Settings that few senders need, by the title of their schema. */
const RARE: Readonly<Record<string, readonly string[]>> = {
  HmacVerify: [
    'path',
    'separator',
    'signatureKey',
    'timestampKey',
    'timestampPath',
    'timestampUnit',
    'idHeader',
    'idPath',
    'secretEncoding',
    'secretPrefix',
  ],
};

function RareFields({ path, names, value, children }: RareProps) {
  const { problemAt } = useForm();
  const held = isObject(value) ? value : {};
  const isUsed = names.some((name) => held[name] !== undefined || problemAt([...path, name]));
  return (
    <details className={classes.rare} open={isUsed}>
      <summary>{t`Rarer settings`}</summary>
      <div>{children}</div>
    </details>
  );
}

interface RareProps {
  path: Path;
  names: readonly string[];
  value: unknown;
  children: ReactNode;
}

interface FieldsProps {
  schema: Schema;
  path: Path;
  value: unknown;
  /** A property that is shown elsewhere. */
  without?: string;
}

/** The fields of an object, required ones first. */
export function Fields({ schema, path, value, without }: FieldsProps) {
  const { root } = useForm();
  const field = fieldOf(schema, root);
  if (field.kind === 'VARIANTS') {
    return <VariantFields schema={schema} field={field} path={path} value={value} isRequired />;
  }
  if (field.kind !== 'OBJECT') return null;
  const properties = inOrder(field.properties).filter(({ name }) => name !== without);
  const { title } = withoutNull(schema, root).schema;
  if (isIntake(properties)) {
    return (
      <IntakeFields path={path} properties={properties} value={value} renderField={renderField} />
    );
  }

  function renderFields(names: readonly string[]) {
    return properties
      .filter(({ name }) => names.includes(name))
      .map(({ name, schema: inner, isRequired }) => (
        <SchemaField
          key={name}
          schema={inner}
          path={[...path, name]}
          label={labelOf(name)}
          value={isObject(value) ? value[name] : undefined}
          isRequired={isRequired}
        />
      ));
  }

  const special = { path, value, renderFields };
  if (title === 'ContactLookup') return <ContactLookupFields {...special} />;
  if (title === 'EventPlace') return <PlaceFields {...special} />;
  const rare = (typeof title === 'string' ? RARE[title] : undefined) ?? [];
  const names = properties.map(({ name }) => name);
  return (
    <>
      {renderFields(names.filter((name) => !rare.includes(name)))}
      {rare.length > 0 && (
        <RareFields path={path} names={rare} value={value}>
          {renderFields(rare)}
        </RareFields>
      )}
    </>
  );
}
