import { plural, t } from '@lingui/core/macro';
import { Button, TextInput } from '@mantine/core';
import { IconArrowDown, IconSearch } from '@tabler/icons-react';
import { useRef } from 'react';
import { formatCount } from '../../shared/ui/format';
import classes from './StepTrace.module.css';

interface Props {
  asked: string;
  onAsk: (text: string) => void;
  total: number;
  /** The number of steps that match; null without a search. */
  found: number | null;
  /** The ids of the failed steps, in order. */
  failed: readonly string[];
  onGoTo: (nodeId: string) => void;
}

/** The search box of a long trace, and the way to its failed steps. */
export function TraceTools({ asked, onAsk, total, found, failed, onGoTo }: Props) {
  const last = useRef<string | null>(null);

  function goToNextFailed() {
    const at = last.current === null ? -1 : failed.indexOf(last.current);
    const next = failed[(at + 1) % failed.length];
    if (next === undefined) return;
    last.current = next;
    onGoTo(next);
  }

  return (
    <div className={classes.tools}>
      <TextInput
        type="search"
        aria-label={t`Find a step`}
        placeholder={t`Find a step by name, type, status or error`}
        leftSection={<IconSearch size={16} aria-hidden />}
        className={classes.search ?? ''}
        value={asked}
        onChange={(event) => {
          onAsk(event.currentTarget.value.trimStart());
        }}
      />
      <span role="status" className={classes.label}>
        {found === null
          ? plural(total, { one: '1 step', other: `${formatCount(total)} steps` })
          : plural(total, {
              one: `${formatCount(found)} of 1 step`,
              other: `${formatCount(found)} of ${formatCount(total)} steps`,
            })}
      </span>
      {failed.length > 0 && (
        <Button
          variant="default"
          size="sm"
          leftSection={<IconArrowDown size={16} aria-hidden />}
          onClick={goToNextFailed}
        >
          {plural(failed.length, { one: 'Go to the failed step', other: `Go to the next of ${formatCount(failed.length)} failed steps` })}
        </Button>
      )}
    </div>
  );
}
