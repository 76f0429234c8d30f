import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { IconArrowUp } from '@tabler/icons-react';
import { formatCount } from '../ui/format';
import classes from './List.module.css';

interface Props {
  count: number;
  hasGap: boolean;
  onShow: () => void;
}

/** A button `4 new` that shows new rows. Its space is reserved, so nothing moves. */
export function NewRows({ count, hasGap, onShow }: Props) {
  return (
    <div role="status" className={classes.newRows}>
      {count > 0 && (
        <Button
          size="compact-sm"
          leftSection={<IconArrowUp size={14} aria-hidden />}
          onClick={() => {
            onShow();
            window.scrollTo(0, 0);
          }}
        >
          {hasGap ? t`${formatCount(count)} or more new` : t`${formatCount(count)} new`}
        </Button>
      )}
    </div>
  );
}
