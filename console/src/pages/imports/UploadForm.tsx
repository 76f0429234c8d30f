import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button, FileInput, Progress } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, OfflineError } from '../../shared/api/problem';
import type { ContactImport } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import form from '../../shared/ui/Form.module.css';
import { formatBytes } from '../../shared/ui/format';
import { LeaveGuard } from '../../shared/ui/LeaveGuard';
import { ENDINGS, hasKnownEnding } from './fields';
import { FileChangedError, uploadFile } from './queries';

const MOST_BYTES = 50 * 1024 * 1024;

function problemOf(file: File): string | null {
  if (!hasKnownEnding(file.name)) {
    return t`This is neither a CSV nor JSON Lines. Save a spreadsheet as “CSV UTF-8”.`;
  }
  if (file.size === 0) return t`The file is empty.`;
  return file.size > MOST_BYTES ? t`The file is larger than 50 MB. Split it into several files.` : null;
}

interface FailureProps {
  error: Error;
  begun: ContactImport | null;
  size: number;
}

function Failure({ error, begun, size }: FailureProps) {
  if (error instanceof FileChangedError) {
    return (
      <Notice tone="bad" title={t`The file was changed or deleted`}>
        <p>{t`Choose the file again to upload its current content.`}</p>
      </Notice>
    );
  }
  if (error instanceof OfflineError && begun !== null) {
    return (
      <Notice tone="bad" title={t`The upload was interrupted`}>
        <p>
          {t`${formatBytes(begun.bytes)} of ${formatBytes(size)} have arrived. Continue when you are connected again.`}
        </p>
      </Notice>
    );
  }
  return <ErrorNotice error={error} />;
}

interface Props {
  onUploaded: (made: ContactImport) => void;
}

/** Chooses a file and uploads it in parts. An interrupted upload continues with the missing ones. */
export function UploadForm({ onUploaded }: Props) {
  const { api } = useServices();
  const [file, setFile] = useState<File | null>(null);
  const [begun, setBegun] = useState<ContactImport | null>(null);
  const { mutate, error, isPending, reset } = useMutation({
    mutationFn: (chosen: File) => uploadFile(api, chosen, begun, setBegun),
    networkMode: 'always',
    onSuccess: onUploaded,
    onError: (failure) => {
      // The import was canceled or has expired, so the next try makes another.
      const isLost = failure instanceof ApiError && [404, 409, 410].includes(failure.status);
      if (isLost) setBegun(null);
    },
  });
  const problem = file === null ? null : problemOf(file);
  const isInterrupted = error !== null && begun !== null && !(error instanceof FileChangedError);
  return (
    <form
      className={form.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (file !== null && problem === null) mutate(file);
      }}
    >
      <LeaveGuard isDirty={isPending || isInterrupted} title={t`Leave the upload?`}>
        {t`The upload stops, and nothing is imported.`}
      </LeaveGuard>
      <p>
        <Trans>
          A CSV with a header, or JSON Lines, in UTF-8 and at most 50 MB. You choose next which columns to
          use. Nothing is imported before you start it.
        </Trans>
      </p>
      <FileInput
        label={t`File`}
        placeholder={t`Choose a file`}
        accept={ENDINGS.join(',')}
        clearable
        clearButtonProps={{ 'aria-label': t`Remove the file` }}
        value={file}
        error={problem}
        disabled={isPending}
        onChange={(chosen) => {
          setFile(chosen);
          setBegun(null);
          reset();
        }}
      />
      {error && file !== null && <Failure error={error} begun={begun} size={file.size} />}
      {isPending && file !== null && (
        <>
          <Progress.Root size="lg">
            <Progress.Section
              value={(100 * (begun?.bytes ?? 0)) / file.size}
              aria-label={t`Uploaded`}
            />
          </Progress.Root>
          <p role="status">
            {t`${formatBytes(begun?.bytes ?? 0)} of ${formatBytes(file.size)}`}
          </p>
        </>
      )}
      <div className={form.buttons}>
        <Button
          type="submit"
          loading={isPending}
          disabled={file === null || problem !== null || error instanceof FileChangedError}
        >
          {isInterrupted ? t`Continue the upload` : t`Upload`}
        </Button>
      </div>
    </form>
  );
}
