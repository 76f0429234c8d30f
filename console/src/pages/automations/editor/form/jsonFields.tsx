/** Fields for values that a schema leaves open. */

import { NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import classes from '../Editor.module.css';
import type { FieldProps } from './fieldProps';
import { useForm } from './FormContext';
import { useInput } from './useInput';

const KINDS = ['Text', 'Number', 'True or false', 'JSON', 'Nothing'] as const;
type Kind = (typeof KINDS)[number];

function kindOf(value: unknown): Kind {
  if (value === undefined || value === null) return 'Nothing';
  if (typeof value === 'string') return 'Text';
  if (typeof value === 'number') return 'Number';
  return typeof value === 'boolean' ? 'True or false' : 'JSON';
}

/** Converts the value to another kind if possible, else to an empty value. */
function converted(value: unknown, kind: Kind): unknown {
  switch (kind) {
    case 'Text':
      if (typeof value === 'string') return value;
      return value === undefined || value === null ? '' : JSON.stringify(value);
    case 'Number':
      return Number.isFinite(Number(value)) ? Number(value) : 0;
    case 'True or false':
      return value === true || value === 'true';
    case 'JSON':
      return typeof value === 'object' && value !== null ? value : {};
    case 'Nothing':
      return undefined;
  }
}

/** A value that is edited as JSON. Invalid JSON stays in the field and is not saved. */
export function JsonField(props: FieldProps) {
  const { set } = useForm();
  const input = useInput(props);
  const { path, value } = props;
  const shown = value === undefined ? '' : JSON.stringify(value, null, 2);
  const [text, setText] = useState(shown);
  const [known, setKnown] = useState(shown);
  const [error, setError] = useState<string>();
  if (known !== shown) {
    // The value changed elsewhere: in the JSON view, or by undo.
    setKnown(shown);
    setText(shown);
    setError(undefined);
  }

  function write(written: string) {
    setText(written);
    try {
      const next: unknown = written.trim() === '' ? undefined : JSON.parse(written);
      setError(undefined);
      setKnown(next === undefined ? '' : JSON.stringify(next, null, 2));
      set(path, next);
    } catch (failure) {
      if (!(failure instanceof SyntaxError)) throw failure;
      setError(`Not saved. Invalid JSON: ${failure.message}`);
    }
  }

  return (
    <Textarea
      {...input}
      withAsterisk={false}
      error={error ?? input.error}
      autosize
      minRows={2}
      maxRows={12}
      spellCheck={false}
      classNames={{ input: classes.code ?? '' }}
      value={text}
      onChange={(event) => {
        write(event.currentTarget.value);
      }}
    />
  );
}

function AnyInput(props: FieldProps) {
  const { set } = useForm();
  const input = useInput(props);
  const { path, value } = props;
  switch (kindOf(value)) {
    case 'Number':
      return (
        <NumberInput
          {...input}
          value={value as number}
          onChange={(next) => {
            if (typeof next === 'number') set(path, next);
          }}
        />
      );
    case 'True or false':
      return (
        <NativeSelect
          {...input}
          data={['true', 'false']}
          value={String(value)}
          onChange={(event) => {
            set(path, event.currentTarget.value === 'true');
          }}
        />
      );
    case 'JSON':
      return <JsonField {...props} />;
    default:
      return (
        <TextInput
          {...input}
          spellCheck={false}
          value={typeof value === 'string' ? value : ''}
          onChange={(event) => {
            set(path, event.currentTarget.value);
          }}
        />
      );
  }
}

/** Any value, with a field for its kind. */
export function AnyField(props: FieldProps) {
  const { set } = useForm();
  const { path, label, value, isRequired } = props;
  const kinds = KINDS.filter((kind) => kind !== 'Nothing' || !isRequired || kindOf(value) === kind);
  return (
    <div className={classes.any}>
      <AnyInput {...props} />
      <NativeSelect
        aria-label={`Type of ${label.toLowerCase()}`}
        data={kinds}
        value={kindOf(value)}
        onChange={(event) => {
          const kind = KINDS.find((each) => each === event.currentTarget.value) ?? 'Text';
          set(path, converted(value, kind));
        }}
      />
    </div>
  );
}
