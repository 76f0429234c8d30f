import { t } from '@lingui/core/macro';
import { Button, Skeleton } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useAddressState } from '../../shared/address/addressState';
import { ApiError } from '../../shared/api/problem';
import { useServices } from '../../shared/auth/services';
import { ContactTabs } from '../../shared/subjects/ContactTabs';
import { EmptyState } from '../../shared/ui/EmptyState';
import detail from '../../shared/ui/Detail.module.css';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { NeedsRole } from '../../shared/ui/NeedsRole';
import { IMPORT } from './address';
import { EarlierImports } from './EarlierImports';
import { ImportState } from './ImportState';
import { MappingForm } from './MappingForm';
import { importQuery, isAtWork } from './queries';
import { UploadForm } from './UploadForm';

interface Props {
  id: string;
  onAnother: () => void;
}

function Uploaded({ id, onAnother }: Props) {
  const { api } = useServices();
  const { data: made, error, refetch } = useQuery(importQuery(api, id));
  const mayStart = made?.status === 'UPLOADING' || made?.status === 'CHECKED';
  const isGone = error instanceof ApiError && (error.status === 404 || error.status === 410);
  return (
    <>
      {isGone && (
        <EmptyState title={t`Import not found`}>
          <p>{t`Check the address. The import may also have expired, or belong to another workspace.`}</p>
        </EmptyState>
      )}
      {error && !isGone && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!made && !error && (
        <div role="status" aria-label={t`Loading the import`}>
          <Skeleton height={320} />
        </div>
      )}
      {made && (
        <>
          <p className={detail.muted}>{made.fileName}</p>
          <ImportState made={made} />
          {mayStart && <MappingForm made={made} />}
        </>
      )}
      {!(made && isAtWork(made)) && (
        <div>
          <Button variant="subtle" onClick={onAnother}>
            {t`Choose another file`}
          </Button>
        </div>
      )}
    </>
  );
}

/** Imports contacts from a file: upload, columns, check, progress and report. */
export default function ImportPage() {
  const queries = useQueryClient();
  const [{ import: id }, change] = useAddressState(IMPORT);
  return (
    <div className={detail.page}>
      <title>{t`Import contacts · Runledger`}</title>
      <h1>{t`Import contacts`}</h1>
      <ContactTabs current="import" />
      <NeedsRole least="ADMIN">
        {id === null ? (
          <>
            <UploadForm
              onUploaded={(made) => {
                queries.setQueryData(['import', made.id], made);
                change({ import: made.id }, 'push');
              }}
            />
            <EarlierImports />
          </>
        ) : (
          <Uploaded
            key={id}
            id={id}
            onAnother={() => {
              change({ import: null }, 'push');
            }}
          />
        )}
      </NeedsRole>
    </div>
  );
}
