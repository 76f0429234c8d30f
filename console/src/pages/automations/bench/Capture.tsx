import { plural, t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { IconAntenna } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { CapturedEvents } from '../../../shared/api/types';
import { useAllows } from '../../../shared/auth/role';
import { useServices } from '../../../shared/auth/services';
import { ErrorNotice, Notice } from '../../../shared/ui/ErrorNotice';
import { RelativeTime, useNow } from '../../../shared/ui/Time';
import { beginCapture } from '../events';
import type { Automation } from '../types';
import classes from './TestBench.module.css';

interface Props {
  automation: Automation;
  captured: CapturedEvents | undefined;
}

/** Begins a capture, and shows the one that is under way. */
export function Capture({ automation, captured }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const now = useNow();
  const mayCapture = useAllows('MEMBER');
  const key = ['automation', automation.id, 'captured-events'];
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => beginCapture(api, automation.id),
    networkMode: 'always',
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
  });
  const capture = captured?.capture ?? null;
  return (
    <>
      {capture ? (
        <Notice title={t`Events are being captured`}>
          <p>
            {plural(capture.left, {
              one: 'At most 1 more event is kept.',
              other: `At most ${capture.left} more events are kept.`,
            })}{' '}
            {t`You can look at captured events for an hour.`}{' '}
            <Trans>
              The capture ends <RelativeTime time={capture.until} now={now} />
            </Trans>
          </p>
        </Notice>
      ) : (
        <p>
          {t`The body of an accepted event is kept with its run. For ten minutes, a capture also keeps the headers of the next 20 events. You can look at them for an hour.`}
        </p>
      )}
      {error && <ErrorNotice error={error} />}
      {mayCapture && automation.status !== 'ARCHIVED' && (
        <div className={classes.actions}>
          <Button
            variant="default"
            loading={isPending}
            leftSection={<IconAntenna size={16} aria-hidden />}
            onClick={() => {
              mutate();
            }}
          >
            {capture ? t`Capture for another ten minutes` : t`Capture for ten minutes`}
          </Button>
        </div>
      )}
    </>
  );
}
