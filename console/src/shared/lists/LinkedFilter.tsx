import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import classes from './Filters.module.css';

interface Props {
  /** `Reruns of run_1`. */
  name: string;
  onRemove: () => void;
}

/** A filter that only links set: people can remove it, but not choose it. */
export function LinkedFilter({ name, onRemove }: Props) {
  return (
    <Button
      variant="default"
      size="xs"
      classNames={{ root: classes.linked ?? '', label: classes.linkedName ?? '' }}
      rightSection={<IconX size={14} aria-hidden />}
      aria-label={t`Remove the filter ${name}`}
      onClick={onRemove}
    >
      {name}
    </Button>
  );
}
