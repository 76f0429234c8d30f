/** Fields for one value: text, number, checkbox, choice. */

import { Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import type { Field } from '../schema';
import { wordChoices } from './choices';
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

export function BooleanField(props: FieldProps) {
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

export function ChoiceField({ options, ...props }: FieldProps & { options: string[] }) {
  const { set } = useForm();
  const input = useInput(props);
  const { value, path, schema, isRequired } = props;
  const usual = typeof schema.default === 'string' ? schema.default : undefined;
  const chosen = typeof value === 'string' ? value : (usual ?? '');
  return (
    <NativeSelect
      {...input}
      data={wordChoices(options, chosen)}
      value={chosen}
      onChange={(event) => {
        const next = event.currentTarget.value;
        set(path, next === '' && !isRequired ? undefined : next);
      }}
    />
  );
}
