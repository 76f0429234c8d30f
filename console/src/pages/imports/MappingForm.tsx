import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button, NativeSelect, Skeleton, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../shared/api/problem';
import type { ContactImport, ImportColumn } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import form from '../../shared/ui/Form.module.css';
import { capitalize } from '../../shared/ui/format';
import { importable } from './describe';
import {
  type Choices,
  choicesOf,
  isRepeated,
  keyLabel,
  keyOf,
  keysOf,
  type Mapping,
  mappingDocument,
  repeatedFields,
  startedChoices,
  suggestedChoices,
  wereChecked,
} from './fields';
import classes from './Import.module.css';
import { dropChoices, keepChoices, readChoices } from './keptChoices';
import { previewQuery, startImport } from './queries';

interface LoadedProps {
  made: ContactImport;
  columns: ImportColumn[];
}

interface ColumnsProps extends LoadedProps {
  mapping: Mapping;
  onChange: (mapping: Mapping) => void;
}

function Columns({ made, columns, mapping, onChange }: ColumnsProps) {
  const repeated = repeatedFields(mapping);
  return (
    <ul className={classes.columns} aria-label={t`Columns`}>
      {columns.map((column, place) => {
        const choice = mapping[place] ?? '';
        return (
          <li key={place} className={classes.column}>
            <div className={classes.source}>
              <strong>{column.name}</strong>
              <span className={classes.samples}>
                {column.samples.length > 0 ? column.samples.join(' · ') : t`No values in the first rows`}
              </span>
            </div>
            <NativeSelect
              aria-label={t`Field for ${column.name}`}
              data={choicesOf(column, made.format, choice)}
              value={choice}
              error={isRepeated(choice, repeated) && t`Several columns fill this field. Choose one.`}
              onChange={({ currentTarget }) => {
                onChange(mapping.map((each, other) => (other === place ? currentTarget.value : each)));
              }}
            />
          </li>
        );
      })}
    </ul>
  );
}

function firstChoices({ made, columns }: LoadedProps): Choices {
  const kept = readChoices(made.id, columns.length);
  if (kept !== null) return kept;
  return made.mapping === null ? suggestedChoices(columns) : startedChoices(columns, made.mapping);
}

function startLabel(made: ContactImport, isChecked: boolean): string {
  if (!isChecked) return t`Import`;
  return plural(importable(made), { one: 'Import 1 row', other: 'Import # rows' });
}

function Loaded({ made, columns }: LoadedProps) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [choices, setChoices] = useState(() => firstChoices({ made, columns }));
  const { mapping, tags } = choices;
  const keys = keysOf(mapping);
  const key = keyOf(choices);
  const isReady = key !== '' && repeatedFields(mapping).size === 0;
  const isChecked = wereChecked(made, columns, choices);
  const { mutate, error, isPending, variables } = useMutation({
    mutationFn: (dryRun: boolean) =>
      startImport(api, made.id, {
        ...mappingDocument(columns, choices),
        parts: made.parts.length,
        dryRun,
      }),
    networkMode: 'always',
    onSuccess: (started) => {
      if (started.status === 'RUNNING') dropChoices(made.id);
      queries.setQueryData(['import', made.id], started);
    },
  });

  function choose(changes: Partial<Choices>) {
    const next = { ...choices, ...changes };
    setChoices(next);
    keepChoices(made.id, next);
  }

  return (
    <form
      className={classes.mapping}
      onSubmit={(event) => {
        event.preventDefault();
        mutate(true);
      }}
    >
      <p>
        <Trans>
          Choose the field of a contact for each column. Empty cells change nothing. Consents change only if
          a column fills them.
        </Trans>
      </p>
      <Columns
        made={made}
        columns={columns}
        mapping={mapping}
        onChange={(next) => {
          choose({ mapping: next });
        }}
      />
      <div className={form.pair}>
        <NativeSelect
          label={t`Find contacts by`}
          description={t`A row that matches no contact creates one.`}
          data={keys.map((field) => ({ value: field, label: keyLabel(field) }))}
          value={key}
          error={key === '' && t`A column must fill the e-mail, the phone or an external id.`}
          onChange={({ currentTarget }) => {
            choose({ key: currentTarget.value });
          }}
        />
        <TextInput
          label={t`Tags for every contact`}
          description={t`Separated by commas.`}
          value={tags}
          onChange={({ currentTarget }) => {
            choose({ tags: currentTarget.value });
          }}
        />
      </div>
      {made.status === 'CHECKED' && !isChecked && (
        <p role="status">{t`You changed these choices after the check. Check again to see what the import would do.`}</p>
      )}
      {error && <ErrorNotice error={error} />}
      <div className={form.buttons}>
        <Button
          type="submit"
          variant="default"
          loading={isPending && variables}
          disabled={!isReady || isPending}
        >
          {t`Check without importing`}
        </Button>
        <Button
          loading={isPending && !variables}
          disabled={!isReady || isPending || (isChecked && importable(made) === 0)}
          onClick={() => {
            mutate(false);
          }}
        >
          {startLabel(made, isChecked)}
        </Button>
      </div>
    </form>
  );
}

function Unreadable({ detail }: { detail: string | null }) {
  return (
    <Notice tone="bad" title={t`The file cannot be read`}>
      {detail !== null && <p>{capitalize(detail)}</p>}
      <p>{t`No row was imported. Correct the file, then choose it again.`}</p>
    </Notice>
  );
}

/** The file has a header at most, or no object on any line. */
function NoRows({ made }: { made: ContactImport }) {
  return (
    <Notice tone="bad" title={t`The file has no rows`}>
      <p>
        {made.format === 'CSV'
          ? t`Below the header, a CSV has a row for each contact.`
          : t`JSON Lines has one JSON object on each line. Write the objects of a JSON list on lines of their own, without brackets and commas around them.`}
      </p>
    </Notice>
  );
}

/** Chooses the fields that the columns of an uploaded file fill, and starts the import. */
export function MappingForm({ made }: { made: ContactImport }) {
  const { api } = useServices();
  const { data, error, refetch } = useQuery(previewQuery(api, made.id));
  const isUnreadable = error instanceof ApiError && error.status === 422;
  return (
    <>
      {isUnreadable && <Unreadable detail={error.detail} />}
      {error && !isUnreadable && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <div role="status" aria-label={t`Loading the columns`}>
          <Skeleton height={320} />
        </div>
      )}
      {data &&
        (data.rows === 0 || data.columns.length === 0 ? (
          <NoRows made={made} />
        ) : (
          <Loaded made={made} columns={data.columns} />
        ))}
    </>
  );
}
