import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import type { ExportedList } from '../api/types';
import { useAllows } from '../auth/role';
import { lazyComponent } from '../ui/lazyComponent';
import type { AskedFilters } from './exports';

const { Component: ExportDialog } = lazyComponent(() => import('./ExportDialog'));

interface Props {
  list: ExportedList;
  /** `deliveries` */
  plural: string;
  filter: AskedFilters;
  total: number | undefined;
  /** The button's text, if the export does not follow the filters on the page. */
  label?: string;
}

/** A button that exports the rows that the filters match, if the role allows it. */
export function ExportButton({ label, ...props }: Props) {
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
        {label ?? t`Export…`}
      </Button>
      {open && (
        <ExportDialog
          {...props}
          onClose={() => {
            setOpen(false);
          }}
        />
      )}
    </>
  );
}
