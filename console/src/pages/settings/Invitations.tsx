import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useRef, useState } from 'react';
import type { Invitation, InvitationDocument, SentInvitation } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ConfirmDialog } from '../../shared/ui/ConfirmDialog';
import { EmptyState } from '../../shared/ui/EmptyState';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import form from '../../shared/ui/Form.module.css';
import { formatWord } from '../../shared/ui/format';
import { fieldError, formError, useFocusOnError } from '../../shared/ui/forms';
import { SimpleList, SimpleListAction, SimpleListItem } from '../../shared/ui/SimpleList';
import { RelativeTime, useNow } from '../../shared/ui/Time';
import { invitationsQuery, invite, resendInvitation, withdrawInvitation } from './queries';
import { asRole, ROLE_OPTIONS } from './roles';

/** Says whether the invitation was mailed. Without a verified sender the owner must inform them. */
function SentNotice({ sent }: { sent: SentInvitation }) {
  return sent.mailed ? (
    <Notice title={t`Invitation sent to ${sent.email}`} />
  ) : (
    <Notice tone="bad" title={t`${sent.email} is invited, but no e-mail was sent`}>
      <p>{t`The e-mail could not be sent. Ask the invited person to sign in: the console then shows the invitation.`}</p>
    </Notice>
  );
}

function InviteForm({ onSent }: { onSent: (sent: SentInvitation) => Promise<void> }) {
  const { api } = useServices();
  const element = useRef<HTMLFormElement>(null);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (invited: InvitationDocument) => invite(api, invited),
    networkMode: 'always',
    onSuccess: async (sent) => {
      element.current?.reset();
      await onSent(sent);
    },
  });
  useFocusOnError(element, error);
  const general = formError(error, ['email', 'role']);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const email = values.get('email');
    if (typeof email === 'string') mutate({ email: email.trim(), role: asRole(values.get('role')) });
  }

  return (
    <form
      ref={element}
      onSubmit={submit}
      noValidate
      className={form.form}
      aria-label={t`Invite a member`}
    >
      {general && <ErrorNotice error={general} />}
      <div className={form.pair}>
        <TextInput
          label={t`E-mail address`}
          name="email"
          type="email"
          autoComplete="off"
          required
          withAsterisk={false}
          error={fieldError(error, 'email')}
        />
        <NativeSelect
          label={t`Role`}
          name="role"
          data={ROLE_OPTIONS}
          defaultValue="MEMBER"
          error={fieldError(error, 'role')}
        />
      </div>
      <div className={form.buttons}>
        <Button type="submit" loading={isPending}>
          {t`Send invitation`}
        </Button>
      </div>
    </form>
  );
}

/** The open invitations, and a form to invite people. */
export function Invitations() {
  const { api } = useServices();
  const now = useNow();
  const queries = useQueryClient();
  const [sent, setSent] = useState<SentInvitation | null>(null);
  const [withdrawing, setWithdrawing] = useState<Invitation | null>(null);
  const again = useMutation({
    mutationFn: (id: string) => resendInvitation(api, id),
    networkMode: 'always',
    onSuccess: onSent,
  });

  async function onSent(invitation: SentInvitation) {
    setSent(invitation);
    await queries.invalidateQueries({ queryKey: ['invitations'] });
  }

  return (
    <>
      <h2>{t`Invitations`}</h2>
      <SimpleList
        label={t`Invitations`}
        query={useQuery(invitationsQuery(api))}
        empty={
          <EmptyState title={t`No open invitations`}>
            <p>{t`Invited people sign in with the invited address and accept the invitation.`}</p>
          </EmptyState>
        }
      >
        {(invitation) => (
          <SimpleListItem
            key={invitation.id}
            title={`${invitation.email} · ${formatWord(invitation.role)}`}
            actions={
              <>
                <SimpleListAction
                  label={t`Resend the invitation to ${invitation.email}`}
                  isPending={again.isPending && again.variables === invitation.id}
                  onClick={() => {
                    again.mutate(invitation.id);
                  }}
                >
                  {t`Resend`}
                </SimpleListAction>
                <SimpleListAction
                  label={t`Withdraw the invitation to ${invitation.email}`}
                  onClick={() => {
                    setWithdrawing(invitation);
                  }}
                >
                  {t`Withdraw`}
                </SimpleListAction>
              </>
            }
          >
            <Trans>
              Invited by {invitation.invitedBy} <RelativeTime time={invitation.sentAt} now={now} />
            </Trans>
            {' · '}
            {invitation.status === 'EXPIRED' ? (
              <Trans>
                Expired <RelativeTime time={invitation.expiresAt} now={now} />
              </Trans>
            ) : (
              <Trans>
                Expires <RelativeTime time={invitation.expiresAt} now={now} />
              </Trans>
            )}
          </SimpleListItem>
        )}
      </SimpleList>
      {again.error && <ErrorNotice error={again.error} />}
      {sent && <SentNotice sent={sent} />}
      <InviteForm onSent={onSent} />
      {withdrawing && (
        <ConfirmDialog
          title={t`Withdraw the invitation to ${withdrawing.email}?`}
          action={t`Withdraw invitation`}
          run={async () => {
            await withdrawInvitation(api, withdrawing.id);
            await queries.invalidateQueries({ queryKey: ['invitations'] });
          }}
          onClose={() => {
            setWithdrawing(null);
          }}
        >
          <p>{t`The invitation can no longer be accepted. You can invite the person again.`}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
