import { Button } from '@mantine/core';
import { Notice } from '../../../shared/ui/ErrorNotice';
import { RelativeTime, useNow } from '../../../shared/ui/Time';
import classes from './Editor.module.css';
import type { UnsavedWork } from './unsavedWork';

interface Props {
  kept: UnsavedWork;
  /** Somebody saved since it was begun. */
  isOutdated: boolean;
  onTake: () => void;
  onDrop: () => void;
}

/** Offers work that was left unsaved. */
export function UnsavedWorkNotice({ kept, isOutdated, onTake, onDrop }: Props) {
  const now = useNow();
  return (
    <Notice title="You have unsaved work here">
      <p>
        “{kept.document.name || 'Without a name'}”, last changed{' '}
        <RelativeTime time={kept.at} now={now} />, is kept in this tab.
        {isOutdated && ' The automation was saved since; you will be asked before it is overwritten.'}
      </p>
      <div className={classes.choices}>
        <Button onClick={onTake}>Go on with it</Button>
        <Button variant="default" onClick={onDrop}>
          Drop it
        </Button>
      </div>
    </Notice>
  );
}
