import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Export } from '../../shared/api/types';
import { useLacks } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import detail from '../../shared/ui/Detail.module.css';
import { EmptyState } from '../../shared/ui/EmptyState';
import { SimpleList, SimpleListItem } from '../../shared/ui/SimpleList';
import { ExactTime, useNow } from '../../shared/ui/Time';
import { exportState, exportTitle, filterWords, isExpired } from './describe';
import { exportsQuery } from './queries';

interface Props {
  made: Export;
  now: number;
}

function Period({ filter }: Export) {
  return filter.from === null ? (
    <Trans>
      Until <ExactTime time={filter.to} />
    </Trans>
  ) : (
    <>
      <ExactTime time={filter.from} /> – <ExactTime time={filter.to} />
    </>
  );
}

function Row({ made, now }: Props) {
  const { url, createdAt, expiresAt, requestedBy, status } = made;
  const title = exportTitle(made);
  const words = filterWords(made);
  return (
    <SimpleListItem
      title={title}
      actions={
        url !== null && (
          <Button
            component="a"
            href={url}
            download
            variant="default"
            size="xs"
            leftSection={<IconDownload size={16} aria-hidden />}
            aria-label={t`Download ${title}`}
          >
            {t`Download`}
          </Button>
        )
      }
    >
      {exportState(made, now)} · <Period {...made} />
      {words.length > 0 && <> · {words.join(' · ')}</>}
      {' · '}
      <Trans>
        Requested by {requestedBy}, <ExactTime time={createdAt} />
      </Trans>
      {status === 'COMPLETED' && !isExpired(made, now) && (
        <>
          {' · '}
          <Trans>
            Kept until <ExactTime time={expiresAt} />
          </Trans>
        </>
      )}
    </SimpleListItem>
  );
}

/** The files that lists were exported to, newest first. */
export default function ExportsPage() {
  const { api } = useServices();
  const now = useNow();
  const lacksRole = useLacks('MEMBER');
  return (
    <div className={detail.page}>
      <title>{t`Exports · Runledger`}</title>
      <h1>{t`Exports`}</h1>
      <p className={detail.muted}>
        {t`Lists that were written to a file. A file is kept for 7 days. Erasing a contact deletes all files, as any of them may contain that person’s data.`}
        {lacksRole && <> {t`You need the Member role to download a file.`}</>}
      </p>
      <SimpleList
        label={t`Exports, newest first`}
        query={useQuery(exportsQuery(api))}
        empty={
          <EmptyState title={t`No exports yet`}>
            <p>
              <Trans>
                Choose Export on the{' '}
                <Link className={detail.inText ?? ''} to="/runs">
                  run history
                </Link>
                , the{' '}
                <Link className={detail.inText ?? ''} to="/delivery-ops">
                  deliveries
                </Link>
                , the{' '}
                <Link className={detail.inText ?? ''} to="/refusals">
                  refused events
                </Link>{' '}
                or the{' '}
                <Link className={detail.inText ?? ''} to="/contacts">
                  contacts
                </Link>
                .
              </Trans>
            </p>
          </EmptyState>
        }
      >
        {(made) => <Row key={made.id} made={made} now={now} />}
      </SimpleList>
    </div>
  );
}
