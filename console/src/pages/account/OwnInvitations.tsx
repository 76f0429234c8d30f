import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import type { OwnInvitation } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatWord } from '../../shared/ui/format';
import { leavePage } from '../../shared/ui/leavePage';
import { SimpleList, SimpleListItem } from '../../shared/ui/SimpleList';
import { RelativeTime, useNow } from '../../shared/ui/Time';

/** The user's invitations, each with buttons to accept and decline it. */
export default function OwnInvitations({ invitations }: { invitations: OwnInvitation[] }) {
  const { api, session } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const now = useNow();
  const accept = useMutation({
    mutationFn: (id: string) =>
      api.post('/v1/invitations/{invitation_id}/accept', { path: { invitation_id: id } }),
    networkMode: 'always',
    onSuccess: (workspace) => {
      session.chooseWorkspace(workspace.id);
      void navigate('/runs');
      void queries.resetQueries();
    },
  });
  const decline = useMutation({
    mutationFn: (id: string) =>
      api.post('/v1/invitations/{invitation_id}/decline', { path: { invitation_id: id } }),
    networkMode: 'always',
    onSettled: () => queries.invalidateQueries({ queryKey: ['me'] }),
  });
  const error = accept.error ?? decline.error;
  const isBusy = accept.isPending || decline.isPending;
  return (
    <>
      <SimpleList
        label={t`Your invitations`}
        query={{ data: invitations, error: null, refetch: () => undefined }}
        empty={null}
      >
        {(invitation) => (
          <SimpleListItem
            key={invitation.id}
            title={`${invitation.workspaceName} · ${formatWord(invitation.role)}`}
            actions={
              <>
                <Button
                  size="xs"
                  disabled={isBusy}
                  aria-label={t`Accept the invitation to ${invitation.workspaceName}`}
                  onClick={() => {
                    leavePage(() => {
                      accept.mutate(invitation.id);
                    });
                  }}
                >
                  {t`Accept`}
                </Button>
                <Button
                  size="xs"
                  variant="default"
                  disabled={isBusy}
                  aria-label={t`Decline the invitation to ${invitation.workspaceName}`}
                  onClick={() => {
                    decline.mutate(invitation.id);
                  }}
                >
                  {t`Decline`}
                </Button>
              </>
            }
          >
            <Trans>
              Invited by {invitation.invitedBy}. Expires{' '}
              <RelativeTime time={invitation.expiresAt} now={now} />.
            </Trans>
          </SimpleListItem>
        )}
      </SimpleList>
      {error && <ErrorNotice error={error} />}
    </>
  );
}
