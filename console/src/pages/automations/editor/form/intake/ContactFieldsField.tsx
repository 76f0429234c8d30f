import { t } from '@lingui/core/macro';
import { ActionIcon, Button, NativeSelect, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import classes from '../../Editor.module.css';
import { isObject, type Schema } from '../../schema';
import { descriptionOf } from '../descriptionOf';
import { FieldGroup } from '../FieldGroup';
import type { FieldProps } from '../fieldProps';
import { useForm } from '../FormContext';
import { EventPartField } from '../EventPartField';

/** The fields of a contact; those that end with a dot need a name. */
const FIELDS = [
  { value: 'email', label: t`E-mail` },
  { value: 'phone', label: t`Phone` },
  { value: 'firstName', label: t`First name` },
  { value: 'lastName', label: t`Last name` },
  { value: 'metadata.', label: t`Metadata…` },
  { value: 'externalIds.', label: t`External id…` },
];

function labelOfField(field: string): string {
  const known = FIELDS.find(({ value }) => value === field);
  if (known) return known.label;
  const [group, ...name] = field.split('.');
  return `${group === 'externalIds' ? t`External id` : t`Metadata`} ${name.join('.')}`;
}

/** Which fields of the contact are filled, each from a path of the event. */
export function ContactFieldsField({ schema, path, label, value, inner }: FieldProps & { inner: Schema }) {
  const { set } = useForm();
  const entries = isObject(value) ? Object.entries(value) : [];
  const [field, setField] = useState('email');
  const [name, setName] = useState('');
  const needsName = field.endsWith('.');
  const key = needsName ? `${field}${name.trim()}` : field;
  const isNew = !key.endsWith('.') && !entries.some(([each]) => each === key);

  function add() {
    if (!isNew) return;
    // A name can contain dots, so the entries are set as a whole.
    set(path, { ...Object.fromEntries(entries), [key]: '' });
    setName('');
  }

  return (
    <FieldGroup path={path} label={label} description={descriptionOf(schema)}>
      <ul className={classes.items}>
        {entries.map(([each, source]) => (
          <li key={each} className={classes.item} data-plain>
            <EventPartField
              part="EVENT_PATH"
              schema={inner}
              path={[...path, each]}
              label={labelOfField(each)}
              value={source}
              isRequired
            />
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={t`Remove ${labelOfField(each)}`}
              onClick={() => {
                set([...path, each], undefined);
              }}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      <div className={classes.addField}>
        <NativeSelect
          aria-label={t`Field of the contact`}
          size="xs"
          data={FIELDS}
          value={field}
          onChange={(event) => {
            setField(event.currentTarget.value);
          }}
        />
        {needsName && (
          <TextInput
            aria-label={t`Name of the metadata field or of the external id`}
            placeholder={field === 'metadata.' ? 'plan' : 'stripe'}
            size="xs"
            value={name}
            onChange={(event) => {
              setName(event.currentTarget.value);
            }}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              add();
            }}
          />
        )}
        <Button
          variant="default"
          size="xs"
          disabled={!isNew}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={add}
        >
          {t`Add field`}
        </Button>
      </div>
    </FieldGroup>
  );
}
