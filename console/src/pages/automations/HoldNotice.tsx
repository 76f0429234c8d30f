import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
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

function progressText({ started, total, ratePerMinute }: Release): string {
  const [done, rate] = [formatCount(started), formatCount(ratePerMinute)];
  if (total === null) return t`${done} of more than 10,000 started, ${rate} a minute.`;
  const all = formatCount(total);
  return started === total ? t`${done} of ${all} started.` : t`${done} of ${all} started, ${rate} a minute.`;
}

/** How far the release of held runs is. */
function ReleaseNotice({ release, now }: { release: Release; now: number }) {
  const { started, total, by, at } = release;
  if (total === 0) return null;
  const isOver = started === total;
  return (
    <Notice title={isOver ? t`The held runs were started` : t`Held runs are being started`}>
      {total !== null && (
        <Progress aria-label={t`Started runs`} value={(100 * started) / total} my={6} />
      )}
      <p>
        {progressText(release)}{' '}
        <Trans>
          Released by {by}, <RelativeTime time={at} now={now} />.
        </Trans>
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
          title={t`This automation is held`}
          action={
            mayRelease && (
              <Button
                size="xs"
                onClick={() => {
                  setReleasing(true);
                }}
              >
                {t`Release…`}
              </Button>
            )
          }
        >
          {hold.reason !== null && <p>{hold.reason}</p>}
          <p>
            <Trans>
              By {hold.by}, <RelativeTime time={hold.at} now={now} />. New runs wait and start after
              the release.{' '}
              <Link
                className={detail.inText ?? ''}
                to={RUN_FILTERS.address('/runs', { automationId: automation.id, status: 'PENDING' })}
              >
                Pending runs
              </Link>
            </Trans>
          </p>
        </Notice>
      )}
      {release && <ReleaseNotice release={release} now={now} />}
      {releasing && <ReleaseDialog automation={automation} onClose={close} />}
    </>
  );
}
