/** Fields for one value: text, number, checkbox, choice. */

import { Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import { capitalize } from '../../../../shared/ui/format';
import type { Field, Schema } from '../schema';
import { wordChoices } from './choices';
import { descriptionOf } from './descriptionOf';
import type { FieldProps } from './fieldProps';
import { useForm } from './FormContext';
import { useInput } from './useInput';

export function TextField({ isLong, ...props }: FieldProps & { isLong: boolean }) {
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

export function NumberField({ field, ...props }: NumberProps) {
  const { set } = useForm();
  const input = useInput(props);
  const { value, path, schema } = props;
  return (
    <NumberInput
      {...input}
      value={typeof value === 'number' ? value : ''}
      placeholder={typeof schema.default === 'number' ? String(schema.default) : ''}
      allowDecimal={false}
      // A value out of range is kept and reported as a problem, not silently changed.
      clampBehavior="none"
      {...(field.minimum !== undefined && { min: field.minimum })}
      {...(field.maximum !== undefined && { max: field.maximum })}
      onChange={(next) => {
        set(path, typeof next === 'number' ? next : undefined);
      }}
    />
  );
}

/** The API describes the value true; the box says the same by being checked. */
function whenChecked(schema: Schema): Schema {
  const { description } = schema;
  if (typeof description !== 'string') return schema;
  return { ...schema, description: capitalize(description.replace(/^true: /, '')) };
}

export function BooleanField(props: FieldProps) {
  const { set } = useForm();
  const { id, label, error } = useInput(props);
  const { value, path, schema } = props;
  return (
    <Checkbox
      id={id}
      label={label}
      description={descriptionOf(whenChecked(schema))}
      error={error}
      checked={typeof value === 'boolean' ? value : schema.default === true}
      onChange={(event) => {
        set(path, event.currentTarget.checked);
      }}
    />
  );
}

function isOption(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

export function ChoiceField({ options, ...props }: FieldProps & { options: (string | number)[] }) {
  const { set } = useForm();
  const input = useInput(props);
  const { value, path, schema, isRequired } = props;
  const usual = isOption(schema.default) ? schema.default : '';
  const chosen = String(isOption(value) ? value : usual);
  const mayBeEmpty = !isRequired && usual === '';
  return (
    <NativeSelect
      {...input}
      data={wordChoices(options.map(String), chosen, mayBeEmpty)}
      value={chosen}
      onChange={(event) => {
        const next = event.currentTarget.value;
        const option = options.find((each) => String(each) === next);
        set(path, next === '' && !isRequired ? undefined : option);
      }}
    />
  );
}
