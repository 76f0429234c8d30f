import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button, Progress } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ContactImport, RowOutcome } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { Fact, Facts, Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import { capitalize, formatCount } from '../../shared/ui/format';
import { endTitle, OUTCOMES } from './describe';
import classes from './Import.module.css';
import { cancelImport, isAtWork } from './queries';

// The API shows no more of them.
const SHOWN_PROBLEMS = 20;
const ORDER: RowOutcome[] = ['CREATED', 'UPDATED', 'UNCHANGED', 'FAILED', 'REPEATED', 'UNKNOWN'];

function Counts({ made }: { made: ContactImport }) {
  return (
    <Facts>
      {ORDER.filter((outcome) => made.counts[outcome] !== undefined).map((outcome) => (
        <Fact key={outcome} name={OUTCOMES[outcome]}>
          {formatCount(made.counts[outcome] ?? 0)}
        </Fact>
      ))}
    </Facts>
  );
}

function Working({ made }: { made: ContactImport }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => cancelImport(api, made.id),
    networkMode: 'always',
    onSuccess: (changed) => {
      queries.setQueryData(['import', made.id], changed);
    },
  });
  const { done, total, isCancelRequested } = made;
  const share = total === null || total === 0 ? 0 : (100 * done) / total;
  const name = made.status === 'CHECKING' ? t`Checked rows` : t`Imported rows`;
  return (
    <Section title={made.status === 'CHECKING' ? t`Checking the rows` : t`Importing`}>
      <Progress.Root size="xl">
        <Progress.Section value={share} aria-label={name} />
      </Progress.Root>
      <p role="status">
        {total === null
          ? t`Reading the file…`
          : plural(total, {
              one: `${formatCount(done)} of 1 row. You can leave this page; the work continues.`,
              other: `${formatCount(done)} of ${formatCount(total)} rows. You can leave this page; the work continues.`,
            })}
      </p>
      {error && <ErrorNotice error={error} />}
      <div>
        <Button
          variant="default"
          loading={isPending}
          disabled={isCancelRequested}
          onClick={() => {
            mutate();
          }}
        >
          {isCancelRequested ? t`Canceling…` : t`Cancel`}
        </Button>
      </div>
    </Section>
  );
}

function Problems({ made }: { made: ContactImport }) {
  if (made.problems.length === 0) return null;
  return (
    <Section title={t`Problems`}>
      <ul className={classes.problems}>
        {made.problems.map(({ row, column, text }, place) => (
          <li key={place}>
            {column === null ? t`Row ${row}: ${text}` : t`Row ${row}, ${column}: ${text}`}
          </li>
        ))}
      </ul>
      <p className={detail.muted}>
        {made.problems.length < SHOWN_PROBLEMS
          ? t`The report has a line for each row.`
          : t`Only the first problems are shown. The report has a line for each row.`}
      </p>
    </Section>
  );
}

function Ended({ made }: { made: ContactImport }) {
  return (
    <>
      {made.status === 'FAILED' ? (
        <Notice tone="bad" title={t`The import failed`}>
          <p>{capitalize(made.error ?? '')}</p>
          <p>
            {made.done > 0
              ? t`Rows that are done stay done. Correct the file, then choose it again.`
              : t`No row was imported. Correct the file, then choose it again.`}
          </p>
        </Notice>
      ) : (
        <h2 className={classes.outcome}>{endTitle(made)}</h2>
      )}
      {made.done > 0 && <Counts made={made} />}
      {made.counts.REPEATED !== undefined && (
        <p>
          <Trans>
            A repeated row has the same address as an earlier row. Its result in the import depends on
            the earlier row.
          </Trans>
        </p>
      )}
      <Problems made={made} />
      {made.reportUrl !== null && (
        <div>
          <Button
            component="a"
            href={made.reportUrl}
            download
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            {t`Download the report`}
          </Button>
        </div>
      )}
    </>
  );
}

/** How far an import is, or how it ended. */
export function ImportState({ made }: { made: ContactImport }) {
  if (made.status === 'UPLOADING') return null;
  return isAtWork(made) ? <Working made={made} /> : <Ended made={made} />;
}
