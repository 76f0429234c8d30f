/** Fields for values that a schema leaves open. */

import { t } from '@lingui/core/macro';
import { NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import classes from '../Editor.module.css';
import type { FieldProps } from './fieldProps';
import { useForm } from './FormContext';
import { useInput } from './useInput';

type Kind = 'text' | 'number' | 'boolean' | 'json' | 'nothing';
const KINDS: readonly { value: Kind; label: string }[] = [
  { value: 'text', label: t`Text` },
  { value: 'number', label: t`Number` },
  { value: 'boolean', label: t`True or false` },
  { value: 'json', label: t`JSON` },
  { value: 'nothing', label: t`Nothing` },
];

function kindOf(value: unknown): Kind {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  return typeof value === 'boolean' ? 'boolean' : 'json';
}

/** Converts the value to another kind if possible, else to an empty value. */
function converted(value: unknown, kind: Kind): unknown {
  switch (kind) {
    case 'text':
      if (typeof value === 'string') return value;
      return value === undefined || value === null ? '' : JSON.stringify(value);
    case 'number':
      return Number.isFinite(Number(value)) ? Number(value) : 0;
    case 'boolean':
      return value === true || value === 'true';
    case 'json':
      return typeof value === 'object' && value !== null ? value : {};
    case 'nothing':
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
      setError(t`Not saved. Invalid JSON: ${failure.message}`);
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
    case 'number':
      return (
        <NumberInput
          {...input}
          value={value as number}
          onChange={(next) => {
            if (typeof next === 'number') set(path, next);
          }}
        />
      );
    case 'boolean':
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
    case 'json':
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
  const kinds = KINDS.filter((kind) => kind.value !== 'nothing' || !isRequired || kindOf(value) === 'nothing');
  return (
    <div className={classes.any}>
      <AnyInput {...props} />
      <NativeSelect
        aria-label={t`Type of ${label.toLowerCase()}`}
        data={kinds}
        value={kindOf(value)}
        onChange={(event) => {
          const kind = KINDS.find((each) => each.value === event.currentTarget.value);
          set(path, converted(value, kind?.value ?? 'text'));
        }}
      />
    </div>
  );
}
