import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button, Checkbox } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import type { Resent } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { Dialog, DialogActions, DialogDecision } from '../../shared/ui/Dialog';
import { Notice } from '../../shared/ui/ErrorNotice';
import { resend } from './queries';

interface Props {
  delivery: { id: string; address: string };
  onClose: () => void;
}

function Outcome({ resent, onClose }: { resent: Resent; onClose: () => void }) {
  const { deliveryId, status } = resent;
  const refused = status === 'SUPPRESSED';
  return (
    <>
      <Notice
        tone={refused ? 'bad' : 'info'}
        title={refused ? t`The message was blocked` : t`Resend started`}
      >
        <p>
          {refused
            ? t`Nothing was sent. The new delivery shows which gate blocked it and why.`
            : t`Follow the result in the new delivery.`}
        </p>
      </Notice>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t`Close`}
        </Button>
        <Button component={Link} to={`/delivery-ops/${deliveryId}`} onClick={onClose}>
          {t`Open the new delivery`}
        </Button>
      </DialogActions>
    </>
  );
}

/** Asks before a message is sent again; open while it is rendered. */
export function ResendDialog({ delivery, onClose }: Props) {
  const { api } = useServices();
  const mayForce = useAllows('ADMIN');
  const queries = useQueryClient();
  // One key per dialog: a click that is repeated after a lost answer sends only once.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const [force, setForce] = useState(false);
  const { mutate, data, error, isPending } = useMutation({
    mutationFn: () => resend(api, { deliveryId: delivery.id, idempotencyKey, force }),
    networkMode: 'always',
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['delivery', delivery.id] });
      void queries.invalidateQueries({ queryKey: ['deliveries'] });
    },
  });
  return (
    <Dialog title={t`Resend this message?`} opened onClose={onClose}>
      {data ? (
        <Outcome resent={data} onClose={onClose} />
      ) : (
        <>
          <p>
            <Trans>
              Sends the same text to the contact’s current address. The last address was{' '}
              <strong>{delivery.address}</strong>. All gates are checked again. The resend is a new
              delivery. The history shows your name; the message does not.
            </Trans>
          </p>
          {mayForce && (
            <Checkbox
              label={t`Overrule gates`}
              description={t`Sends the message even if consent, suppression, frequency or quiet hours would block it. The address and template gates always apply.`}
              checked={force}
              onChange={(event) => {
                setForce(event.currentTarget.checked);
              }}
            />
          )}
          <DialogDecision
            cancel={t`Cancel`}
            confirm={t`Resend`}
            error={error}
            isPending={isPending}
            onCancel={onClose}
            onConfirm={mutate}
          />
        </>
      )}
    </Dialog>
  );
}
