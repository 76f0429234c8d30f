import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useAllows } from '../../shared/auth/role';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import detail from '../../shared/ui/Detail.module.css';
import { Notice } from '../../shared/ui/ErrorNotice';
import { RelativeTime } from '../../shared/ui/Time';
import { ReleaseDialog } from './HoldDialog';
import type { Automation } from './types';

/** Says that an automation is held, by whom and why, and releases it. */
export function HoldNotice({ automation, now }: { automation: Automation; now: number }) {
  const mayRelease = useAllows('MEMBER');
  const [releasing, setReleasing] = useState(false);
  const { hold } = automation;
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
      {releasing && <ReleaseDialog automation={automation} onClose={close} />}
    </>
  );
}
