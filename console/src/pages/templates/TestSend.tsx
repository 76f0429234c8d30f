import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useRepeatKey } from '../../shared/api/repeatKey';
import { useServices } from '../../shared/auth/services';
import { gateReason } from '../../shared/subjects/gates';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import type { TestRequest } from './preview';
import classes from './PreviewPanel.module.css';
import { sendTest } from './queries';

interface Props {
  templateId: string;
  /** The revision of the saved template. */
  revision: number;
  /** The values that the test is rendered with; null while they cannot be read. */
  request: TestRequest | null;
  /** Whether the form differs from the saved template. */
  isDirty: boolean;
}

/** Sends the saved template to the person who edits it. */
export function TestSend({ templateId, revision, request, isDirty }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const repeat = useRepeatKey();
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: (values: TestRequest) =>
      sendTest(api, templateId, { ...values, idempotencyKey: repeat.of([revision, values]) }),
    networkMode: 'always',
    onSuccess: () => {
      repeat.answered();
      void queries.invalidateQueries({ queryKey: ['deliveries'] });
    },
  });
  const path = data === undefined ? '' : `/delivery-ops/${data.deliveryId}`;
  return (
    <div className={classes.test}>
      <div>
        <Button
          variant="default"
          loading={isPending}
          disabled={isDirty || request === null}
          onClick={() => {
            if (request !== null) mutate(request);
          }}
        >
          {t`Send a test to yourself`}
        </Button>
      </div>
      <p className={classes.muted}>
        {isDirty
          ? t`Save the template first: a test sends the saved one.`
          : t`A test sends the saved template with these values.`}
      </p>
      {error && <ErrorNotice error={error} />}
      {data && (
        <Notice title={data.reason === null ? t`Test on its way` : t`Test not sent`}>
          <p>
            {data.reason === null ? (
              <Trans>
                The test goes to {data.address}. <Link to={path}>See the delivery</Link>
              </Trans>
            ) : (
              <Trans>
                {gateReason(data.reason)}. <Link to={path}>See the delivery</Link>
              </Trans>
            )}
          </p>
        </Notice>
      )}
    </div>
  );
}
