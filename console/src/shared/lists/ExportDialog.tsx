import { plural, t } from '@lingui/core/macro';
import { Button, Loader, SegmentedControl } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Export, ExportedList, ExportFormat } from '../api/types';
import { useRepeatKey } from '../api/repeatKey';
import { useServices } from '../auth/services';
import { Dialog, DialogActions, DialogDecision } from '../ui/Dialog';
import { ErrorNotice, Notice } from '../ui/ErrorNotice';
import { formatCount } from '../ui/format';
import { type AskedFilters, exportQuery, FORMATS, isDone, requestExport } from './exports';
import classes from './List.module.css';

interface Props {
  list: ExportedList;
  /** `runs` */
  plural: string;
  filter: AskedFilters;
  /** How many rows the filters match, if known. */
  total: number | undefined;
  onClose: () => void;
}

function scope(plural: string, filter: AskedFilters, total: number | undefined): string {
  if (Object.keys(filter).length === 0) return t`All ${plural} of the workspace, as a file.`;
  if (filter.segmentId) return t`All ${plural} that match the segment, as a file.`;
  return total === undefined
    ? t`All ${plural} that match the filters, as a file.`
    : t`All ${plural} that match the filters (${formatCount(total)}), as a file.`;
}

function Progress({ started, onClose }: { started: Export; onClose: () => void }) {
  const { api } = useServices();
  const { data: found = started, error } = useQuery(exportQuery(api, started.id));
  if (error) return <ErrorNotice error={error} />;
  if (!isDone(found)) {
    return (
      <p role="status" className={classes.progress}>
        <Loader size="sm" aria-hidden />
        {plural(found.rows, {
          one: 'Exporting… 1 row so far. You can close this window; the export continues.',
          other: `Exporting… ${formatCount(found.rows)} rows so far. You can close this window; the export continues.`,
        })}
      </p>
    );
  }
  if (found.status === 'FAILED' || found.url === null) {
    return (
      <Notice tone="bad" title={t`The export failed`}>
        {found.error !== null && <p>{found.error}</p>}
        <p>{t`Narrow the filters, then try again.`}</p>
      </Notice>
    );
  }
  return (
    <>
      <p role="status">
        {plural(found.rows, {
          one: 'The file is ready: 1 row.',
          other: `The file is ready: ${formatCount(found.rows)} rows.`,
        })}
      </p>
      <DialogActions>
        <Button component="a" href={found.url} download onClick={onClose}>
          {t`Download`}
        </Button>
      </DialogActions>
    </>
  );
}

/** Exports every row that the filters match; open while it is rendered. */
export default function ExportDialog({ list, plural, filter, total, onClose }: Props) {
  const { api } = useServices();
  const [format, setFormat] = useState<ExportFormat>('CSV');
  const repeat = useRepeatKey();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () =>
      requestExport(api, { list, format, filter, idempotencyKey: repeat.of([format, filter]) }),
    networkMode: 'always',
  });
  return (
    <Dialog title={t`Export ${plural}`} opened onClose={onClose}>
      {data ? (
        <Progress started={data} onClose={onClose} />
      ) : (
        <>
          <p>{scope(plural, filter, total)}</p>
          <SegmentedControl
            aria-label={t`Format`}
            className={classes.formats}
            data={[...FORMATS]}
            value={format}
            onChange={setFormat}
          />
          <DialogDecision
            cancel={t`Cancel`}
            confirm={t`Export`}
            error={error}
            isPending={isPending}
            onCancel={onClose}
            onConfirm={mutate}
          />
        </>
      )}
    </Dialog>
  );
}
