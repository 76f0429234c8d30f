import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import type { ExportedList } from '../api/types';
import { useAllows } from '../auth/role';
import type { AskedFilters } from './exports';

const ExportDialog = lazy(() => import('./ExportDialog'));

interface Props {
  list: ExportedList;
  /** `deliveries` */
  plural: string;
  filter: AskedFilters;
  total: number | undefined;
}

/** A button that exports the rows that the filters match, if the role allows it. */
export function ExportButton(props: Props) {
  const mayExport = useAllows('MEMBER');
  const [open, setOpen] = useState(false);
  if (!mayExport) return null;
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => {
          setOpen(true);
        }}
      >
        Export…
      </Button>
      {open && (
        <Suspense>
          <ExportDialog
            {...props}
            onClose={() => {
              setOpen(false);
            }}
          />
        </Suspense>
      )}
    </>
  );
}
