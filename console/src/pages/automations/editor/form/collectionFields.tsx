/** Fields for several values: a list, and named entries. */

import { t } from '@lingui/core/macro';
import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { type ReactNode, useId, useState } from 'react';
import classes from '../Editor.module.css';
import { itemLabel } from '../fieldNames';
import { type Field, fieldOf, initialValue, isObject, type Schema } from '../schema';
import { descriptionOf } from './descriptionOf';
import { FieldGroup } from './FieldGroup';
import type { FieldProps } from './fieldProps';
import { useForm } from './FormContext';

interface CollectionProps extends FieldProps {
  /** The field of one item. */
  renderField: (props: FieldProps) => ReactNode;
}

interface ListProps extends CollectionProps {
  field: Extract<Field, { kind: 'LIST' }>;
}

export function ListField({ field, schema, path, label, value, renderField }: ListProps) {
  const { root, set } = useForm();
  const items: unknown[] = Array.isArray(value)
    ? value
    : Array.isArray(schema.default)
      ? schema.default
      : [];
  const one = itemLabel(label);
  const inner = fieldOf(field.item, root).kind;
  const isPlain = inner === 'TEXT' || inner === 'EVENT_PART' || inner === 'CHOICE' || inner === 'PICK';
  return (
    <FieldGroup path={path} label={label} description={descriptionOf(schema)}>
      <ol className={classes.items}>
        {items.map((item, index) => (
          <li key={index} className={classes.item} data-plain={isPlain}>
            {renderField({
              schema: field.item,
              path: [...path, index],
              label: `${one} ${index + 1}`,
              value: item,
              isRequired: true,
            })}
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={t`Remove ${one.toLowerCase()} ${index + 1}`}
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
          {t`Add ${one.toLowerCase()}`}
        </Button>
      )}
    </FieldGroup>
  );
}

interface MapProps extends CollectionProps {
  /** The schema of every entry. */
  inner: Schema;
}

export function MapField({ schema, path, label, value, inner, renderField }: MapProps) {
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
    <FieldGroup path={path} label={label} description={descriptionOf(schema)}>
      <ul className={classes.items}>
        {entries.map(([key, item]) => (
          <li key={key} className={classes.item} data-plain>
            {renderField({
              schema: inner,
              path: [...path, key],
              label: key,
              value: item,
              isRequired: true,
            })}
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={t`Remove ${key}`}
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
          aria-label={t`Name of the new entry in ${label.toLowerCase()}`}
          placeholder={t`Name`}
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
          {t`Add`}
        </Button>
      </div>
    </FieldGroup>
  );
}
