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
        title={refused ? 'A gate refused the new message' : 'The message is on its way again'}
      >
        <p>
          {refused
            ? 'Nothing was sent. The new delivery tells which gate and why.'
            : 'The new delivery tells what becomes of it.'}
        </p>
      </Notice>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          Close
        </Button>
        <Button component={Link} to={`/delivery-ops/${deliveryId}`} onClick={onClose}>
          Open the new delivery
        </Button>
      </DialogActions>
    </>
  );
}

/** Asks whether to send a message again; open for as long as it is rendered. */
export function ResendDialog({ delivery, onClose }: Props) {
  const { api } = useServices();
  const mayForce = useAllows('ADMIN');
  const queries = useQueryClient();
  // One key for as long as the question stands: a click repeated after a lost answer sends once.
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
    <Dialog title="Send this message again?" opened onClose={onClose}>
      {data ? (
        <Outcome resent={data} onClose={onClose} />
      ) : (
        <>
          <p>
            The same text goes to where the contact is reached now; it went to{' '}
            <strong>{delivery.address}</strong> before. Every gate is checked again. It becomes a
            delivery of its own, with your name on it.
          </p>
          {mayForce && (
            <Checkbox
              label="Overrule closed gates"
              description="Sends even where consent, suppression, frequency or quiet hours would refuse it. Address and template are never overruled."
              checked={force}
              onChange={(event) => {
                setForce(event.currentTarget.checked);
              }}
            />
          )}
          <DialogDecision
            cancel="Do not send"
            confirm="Send again"
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
