/** One field of a form for each kind that a schema may ask for. */

import { ActionIcon, Button, Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useId, useState, type ReactNode } from 'react';
import { CodeText } from '../../../shared/ui/CodeText';
import { formatWord } from '../../../shared/ui/format';
import { descriptionOf } from './descriptionOf';
import classes from './Editor.module.css';
import { fieldId } from './fieldId';
import type { FieldProps } from './fieldProps';
import { useForm } from './FormContext';
import { AnyField, JsonField } from './jsonFields';
import { PickField } from './PickField';
import {
  type Field,
  fieldOf,
  initialValue,
  initialVariant,
  labelOf,
  type Path,
  pathText,
  type Property,
  type Schema,
  variantOf,
  withoutNull,
} from './schema';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a Mantine input of this field is given. */
function useInput({ schema, path, label, isRequired }: FieldProps) {
  const { nodeId, problemAt } = useForm();
  return {
    id: fieldId(nodeId, pathText(path)),
    label,
    description: descriptionOf(schema),
    error: problemAt(path),
    withAsterisk: isRequired,
  };
}

function TextField({ isLong, ...props }: FieldProps & { isLong: boolean }) {
  const { set } = useForm();
  const input = useInput(props);
  const { value, path, isRequired, schema } = props;
  const text = typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value);
  const shared = {
    ...input,
    value: text,
    spellCheck: false,
    placeholder: typeof schema.default === 'string' ? schema.default : undefined,
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) => {
      const written = currentTarget.value;
      set(path, written === '' && !isRequired ? undefined : written);
    },
  };
  return isLong ? <Textarea {...shared} autosize minRows={1} maxRows={8} /> : <TextInput {...shared} />;
}

interface NumberProps extends FieldProps {
  field: Extract<Field, { kind: 'NUMBER' }>;
}

function NumberField({ field, ...props }: NumberProps) {
  const { set } = useForm();
  const input = useInput(props);
  const { value, path, schema } = props;
  return (
    <NumberInput
      {...input}
      value={typeof value === 'number' ? value : ''}
      placeholder={typeof schema.default === 'number' ? String(schema.default) : ''}
      allowDecimal={false}
      // What is out of range is told by the problem, not silently made something else.
      clampBehavior="none"
      {...(field.minimum !== undefined && { min: field.minimum })}
      {...(field.maximum !== undefined && { max: field.maximum })}
      onChange={(next) => {
        set(path, typeof next === 'number' ? next : undefined);
      }}
    />
  );
}

function BooleanField(props: FieldProps) {
  const { set } = useForm();
  const { id, label, description, error } = useInput(props);
  const { value, path, schema } = props;
  return (
    <Checkbox
      id={id}
      label={label}
      description={description}
      error={error}
      checked={typeof value === 'boolean' ? value : schema.default === true}
      onChange={(event) => {
        set(path, event.currentTarget.checked);
      }}
    />
  );
}

function ChoiceField({ options, ...props }: FieldProps & { options: string[] }) {
  const { set } = useForm();
  const input = useInput(props);
  const { value, path, schema, isRequired } = props;
  const usual = typeof schema.default === 'string' ? schema.default : undefined;
  const chosen = typeof value === 'string' ? value : (usual ?? '');
  const choices = options.map((option) => ({ value: option, label: formatWord(option) }));
  if (!options.includes(chosen)) choices.unshift({ value: chosen, label: chosen || 'Choose…' });
  return (
    <NativeSelect
      {...input}
      data={choices}
      value={chosen}
      onChange={(event) => {
        const next = event.currentTarget.value;
        set(path, next === '' && !isRequired ? undefined : next);
      }}
    />
  );
}

interface GroupProps {
  path: Path;
  label: string;
  description?: ReactNode;
  children: ReactNode;
  action?: ReactNode;
}

function Group({ path, label, description, children, action }: GroupProps) {
  const { nodeId, problemAt } = useForm();
  const error = problemAt(path);
  return (
    <fieldset id={fieldId(nodeId, pathText(path))} className={classes.group} tabIndex={-1}>
      <legend>{label}</legend>
      {action}
      {description !== undefined && <p className={classes.hint}>{description}</p>}
      {error !== undefined && <p className={classes.error}>{error}</p>}
      {children}
    </fieldset>
  );
}

interface ListProps extends FieldProps {
  field: Extract<Field, { kind: 'LIST' }>;
}

function ListField({ field, schema, path, label, value }: ListProps) {
  const { root, set } = useForm();
  const items: unknown[] = Array.isArray(value)
    ? value
    : Array.isArray(schema.default)
      ? schema.default
      : [];
  const one = label.replace(/ies$/, 'y').replace(/s$/, '');
  const inner = fieldOf(field.item, root).kind;
  const isPlain = inner === 'TEXT' || inner === 'CHOICE' || inner === 'PICK';
  return (
    <Group path={path} label={label} description={descriptionOf(schema)}>
      <ol className={classes.items}>
        {items.map((item, index) => (
          <li key={index} className={classes.item} data-plain={isPlain}>
            <SchemaField
              schema={field.item}
              path={[...path, index]}
              label={`${one} ${index + 1}`}
              value={item}
              isRequired
            />
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={`Remove ${one.toLowerCase()} ${index + 1}`}
              onClick={() => {
                set(path, items.toSpliced(index, 1));
              }}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </li>
        ))}
      </ol>
      {items.length < (field.maximum ?? Infinity) && (
        <Button
          variant="default"
          size="xs"
          className={classes.add}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => {
            set(path, [...items, initialValue(field.item, root)]);
          }}
        >
          Add {one.toLowerCase()}
        </Button>
      )}
    </Group>
  );
}

function MapField({ schema, path, label, value, inner }: FieldProps & { inner: Schema }) {
  const { root, set } = useForm();
  const entries = isObject(value) ? Object.entries(value) : [];
  const [name, setName] = useState('');
  const nameId = useId();
  const isNew = name.trim() !== '' && !entries.some(([each]) => each === name.trim());

  function add() {
    if (!isNew) return;
    set([...path, name.trim()], initialValue(inner, root));
    setName('');
  }

  return (
    <Group path={path} label={label} description={descriptionOf(schema)}>
      <ul className={classes.items}>
        {entries.map(([key, item]) => (
          <li key={key} className={classes.item} data-plain>
            <SchemaField schema={inner} path={[...path, key]} label={key} value={item} isRequired />
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={`Remove ${key}`}
              onClick={() => {
                set([...path, key], undefined);
              }}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      <div className={classes.newName}>
        <TextInput
          id={nameId}
          aria-label={`Name of a new entry in ${label.toLowerCase()}`}
          placeholder="Name"
          size="xs"
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') {
              event.preventDefault();
              add();
            }
          }}
        />
        <Button
          variant="default"
          size="xs"
          disabled={!isNew}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={add}
        >
          Add
        </Button>
      </div>
    </Group>
  );
}

interface VariantsProps extends Omit<FieldProps, 'label'> {
  field: Extract<Field, { kind: 'VARIANTS' }>;
}

function VariantFields({ field, path, value }: VariantsProps) {
  const { root, set, nodeId, problemAt } = useForm();
  const { tag, variants } = field;
  const before = isObject(value) ? value : {};
  const variant = variantOf(field, value);
  const options = variants.flatMap(({ values }) => values);
  const chosen = typeof before[tag] === 'string' ? before[tag] : '';
  const choices = options.map((option) => ({ value: option, label: formatWord(option) }));
  if (!options.includes(chosen)) choices.unshift({ value: chosen, label: chosen || 'Choose…' });
  return (
    <>
      <NativeSelect
        id={fieldId(nodeId, pathText([...path, tag]))}
        label={labelOf(tag)}
        description={variant?.description !== undefined && <CodeText text={variant.description} />}
        error={problemAt([...path, tag])}
        withAsterisk
        data={choices}
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

/** What may be left out: a box to tick, and the field when it is. */
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
        <Group path={path} label={`${label}, details`}>
          <Fields schema={withoutNull(schema, root).schema} path={path} value={value} />
        </Group>
      )}
    </div>
  );
}

function isCompound({ kind }: Field): boolean {
  return kind === 'OBJECT' || kind === 'VARIANTS';
}

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
    case 'NUMBER':
      return <NumberField {...known} field={field} />;
    case 'BOOLEAN':
      return <BooleanField {...known} />;
    case 'LIST':
      return <ListField {...known} field={field} />;
    case 'MAP':
      return <MapField {...known} inner={field.value} />;
    case 'OBJECT':
    case 'VARIANTS':
      return (
        <Group path={path} label={label} description={descriptionOf(schema)}>
          <Fields schema={schema} path={path} value={value} />
        </Group>
      );
    case 'ANY':
      return <AnyField {...known} />;
    case 'JSON':
      return <JsonField {...known} />;
  }
}

function inOrder(properties: Property[]): Property[] {
  return [
    ...properties.filter(({ isRequired }) => isRequired),
    ...properties.filter(({ isRequired }) => !isRequired),
  ];
}

interface FieldsProps {
  schema: Schema;
  path: Path;
  value: unknown;
  /** A property that is shown already. */
  without?: string;
}

/** The fields of an object, what is required first. */
export function Fields({ schema, path, value, without }: FieldsProps) {
  const { root } = useForm();
  const field = fieldOf(schema, root);
  if (field.kind === 'VARIANTS') {
    return <VariantFields schema={schema} field={field} path={path} value={value} isRequired />;
  }
  if (field.kind !== 'OBJECT') return null;
  return inOrder(field.properties)
    .filter(({ name }) => name !== without)
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
