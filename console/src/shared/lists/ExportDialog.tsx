import { Button, Loader, SegmentedControl } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Export, ExportedList, ExportFormat } from '../api/types';
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

function Progress({ started, onClose }: { started: Export; onClose: () => void }) {
  const { api } = useServices();
  const { data: found = started, error } = useQuery(exportQuery(api, started.id));
  if (error) return <ErrorNotice error={error} />;
  if (!isDone(found)) {
    return (
      <p role="status" className={classes.progress}>
        <Loader size="sm" aria-hidden />
        Exporting… {formatCount(found.rows)} rows so far. You can close this window; the export
        continues.
      </p>
    );
  }
  if (found.status === 'FAILED' || found.url === null) {
    return (
      <Notice tone="bad" title="The export failed">
        {found.error !== null && <p>{found.error}</p>}
        <p>Narrow the filters, then try again.</p>
      </Notice>
    );
  }
  return (
    <>
      <p role="status">
        The file is ready: {formatCount(found.rows)} rows.
      </p>
      <DialogActions>
        <Button component="a" href={found.url} download onClick={onClose}>
          Download
        </Button>
      </DialogActions>
    </>
  );
}

/** Exports every row that the filters match; open while it is rendered. */
export default function ExportDialog({ list, plural, filter, total, onClose }: Props) {
  const { api } = useServices();
  const [format, setFormat] = useState<ExportFormat>('CSV');
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => requestExport(api, { list, format, filter }),
    networkMode: 'always',
  });
  return (
    <Dialog title={`Export ${plural}`} opened onClose={onClose}>
      {data ? (
        <Progress started={data} onClose={onClose} />
      ) : (
        <>
          <p>
            {total === undefined
              ? `All ${plural} that match the filters`
              : `The ${formatCount(total)} ${plural} that match the filters`}
            , as a file.
          </p>
          <SegmentedControl
            aria-label="Format"
            className={classes.formats}
            data={[...FORMATS]}
            value={format}
            onChange={setFormat}
          />
          <DialogDecision
            cancel="Cancel"
            confirm="Export"
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
