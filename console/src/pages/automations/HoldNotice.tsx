import { Button, Progress } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useAllows } from '../../shared/auth/role';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import detail from '../../shared/ui/Detail.module.css';
import { Notice } from '../../shared/ui/ErrorNotice';
import { formatCount } from '../../shared/ui/format';
import { RelativeTime } from '../../shared/ui/Time';
import { ReleaseDialog } from './HoldDialog';
import type { Automation, Release } from './types';

/** How far the release of held runs is. */
function ReleaseNotice({ release, now }: { release: Release; now: number }) {
  const { started, total, ratePerMinute, by, at } = release;
  if (total === 0) return null;
  const isOver = started === total;
  return (
    <Notice title={isOver ? 'The held runs were started' : 'Held runs are being started'}>
      {total !== null && (
        <Progress aria-label="Started runs" value={(100 * started) / total} my={6} />
      )}
      <p>
        {formatCount(started)} of {total === null ? 'more than 10,000' : formatCount(total)} started
        {!isOver && `, ${formatCount(ratePerMinute)} a minute`}. Released by {by},{' '}
        <RelativeTime time={at} now={now} />.
      </p>
    </Notice>
  );
}

/** Says that an automation is held, by whom and why, and releases it; then how far the release is. */
export function HoldNotice({ automation, now }: { automation: Automation; now: number }) {
  const mayRelease = useAllows('MEMBER');
  const [releasing, setReleasing] = useState(false);
  const { hold, release } = automation;
  const close = () => {
    setReleasing(false);
  };
  return (
    <>
      {hold && (
        <Notice
          title="This automation is held"
          action={
            mayRelease && (
              <Button
                size="xs"
                onClick={() => {
                  setReleasing(true);
                }}
              >
                Release…
              </Button>
            )
          }
        >
          {hold.reason !== null && <p>{hold.reason}</p>}
          <p>
            By {hold.by}, <RelativeTime time={hold.at} now={now} />. New runs wait and start after
            the release.{' '}
            <Link
              className={detail.inText ?? ''}
              to={RUN_FILTERS.address('/runs', { automationId: automation.id, status: 'PENDING' })}
            >
              Pending runs
            </Link>
          </p>
        </Notice>
      )}
      {release && <ReleaseNotice release={release} now={now} />}
      {releasing && <ReleaseDialog automation={automation} onClose={close} />}
    </>
  );
}
