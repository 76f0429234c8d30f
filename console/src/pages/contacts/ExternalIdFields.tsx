import { t } from '@lingui/core/macro';
import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import form from '../../shared/ui/Form.module.css';
import { fieldError } from '../../shared/ui/forms';
import classes from './ExternalIdFields.module.css';
import { type ExternalIdRow, MAX_EXTERNAL_IDS, nameProblem } from './externalIds';

interface Props {
  rows: ExternalIdRow[];
  /** The error of the last save. */
  error: Error | null;
  onChange: (rows: ExternalIdRow[]) => void;
}

/** The fields of a contact's ids in other systems, one row for each. */
export function ExternalIdFields({ rows, error, onChange }: Props) {
  const [added, setAdded] = useState(0);
  const problems = rows.map((row) => fieldError(error, `externalIds.${row.name.trim()}`));
  const isShownAtRow = problems.some((problem) => problem !== null);
  const general = isShownAtRow ? null : fieldError(error, 'externalIds');

  function change(key: string, changes: Partial<ExternalIdRow>) {
    onChange(rows.map((row) => (row.key === key ? { ...row, ...changes } : row)));
  }

  return (
    <fieldset className={form.fieldset}>
      <legend>{t`External ids`}</legend>
      <p className={classes.description}>
        {t`The contact’s ids in other systems. Each id belongs to one contact.`}
      </p>
      {rows.map((row, index) => (
        <div key={row.key} className={classes.row}>
          <TextInput
            aria-label={t`System of external id ${index + 1}`}
            placeholder="stripe"
            autoComplete="off"
            spellCheck={false}
            value={row.name}
            error={nameProblem(rows, row)}
            onChange={(event) => {
              change(row.key, { name: event.currentTarget.value });
            }}
          />
          <TextInput
            aria-label={t`External id ${index + 1}`}
            placeholder="cus_123"
            autoComplete="off"
            spellCheck={false}
            value={row.value}
            error={problems[index]}
            onChange={(event) => {
              change(row.key, { value: event.currentTarget.value });
            }}
          />
          <ActionIcon
            variant="default"
            size="lg"
            aria-label={t`Remove external id ${index + 1}`}
            title={t`Remove external id ${index + 1}`}
            onClick={() => {
              onChange(rows.filter(({ key }) => key !== row.key));
            }}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </div>
      ))}
      {general !== null && <p className={form.problem}>{general}</p>}
      {rows.length < MAX_EXTERNAL_IDS && (
        <Button
          variant="default"
          size="xs"
          className={classes.add}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => {
            setAdded(added + 1);
            onChange([...rows, { key: `new-${added}`, name: '', value: '' }]);
          }}
        >
          {t`Add an external id`}
        </Button>
      )}
    </fieldset>
  );
}
