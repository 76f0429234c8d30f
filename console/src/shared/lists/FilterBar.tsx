import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { IconAdjustmentsHorizontal } from '@tabler/icons-react';
import { type ReactNode, useId, useState } from 'react';
import classes from './Filters.module.css';

interface Props {
  /** `Filter runs`. */
  label: string;
  chips: ReactNode;
  /** Whether a filter besides the chips is set; a small screen folds them away. */
  isSet?: boolean;
  /** Other buttons beside the one that unfolds the filters, on small screens only. */
  beside?: ReactNode;
  children: ReactNode;
}

/** Chips in the first row, the other filters in the second. A small screen folds the second. */
export function FilterBar({ label, chips, isSet = false, beside, children }: Props) {
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div role="search" className={classes.bar} aria-label={label}>
      {chips}
      <div className={classes.fold}>
        <Button
          variant={isSet ? 'light' : 'default'}
          size="xs"
          leftSection={<IconAdjustmentsHorizontal size={16} aria-hidden />}
          aria-expanded={open}
          aria-controls={id}
          onClick={() => {
            setOpen(!open);
          }}
        >
          {isSet ? t`Filters in use` : t`Filters`}
        </Button>
        {beside}
      </div>
      <div id={id} className={classes.fields} data-open={open}>
        {children}
      </div>
    </div>
  );
}
