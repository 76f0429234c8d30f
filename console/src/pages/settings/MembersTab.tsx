import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { NativeSelect } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { meQuery } from '../../shared/api/queries';
import type { Member, Role } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ConfirmDialog } from '../../shared/ui/ConfirmDialog';
import { EmptyState } from '../../shared/ui/EmptyState';
import { formatWord } from '../../shared/ui/format';
import { SimpleList, SimpleListAction, SimpleListItem } from '../../shared/ui/SimpleList';
import { RelativeTime, useNow } from '../../shared/ui/Time';
import { Invitations } from './Invitations';
import { changeRole, membersQuery, removeMember } from './queries';
import { asRole, ROLE_OPTIONS } from './roles';
import classes from './Settings.module.css';

interface RoleProps {
  member: Member;
  /** Whether it is the user's own role; they may not be able to undo the change. */
  isOwn: boolean;
}

function RoleSelect({ member, isOwn }: RoleProps) {
  const { api } = useServices();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Role | null>(null);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (role: Role) => changeRole(api, member.userId, role),
    networkMode: 'always',
    onSettled: () => queries.invalidateQueries({ queryKey: ['members'] }),
  });
  return (
    <>
      <NativeSelect
        aria-label={t`Role of ${member.email}`}
        data={ROLE_OPTIONS}
        value={member.role}
        disabled={isPending}
        error={error?.message}
        size="xs"
        onChange={(event) => {
          const role = asRole(event.currentTarget.value);
          if (isOwn) setAsked(role);
          else mutate(role);
        }}
      />
      {asked && (
        <ConfirmDialog
          title={t`Change your own role to ${formatWord(asked)}?`}
          action={t`Change role`}
          run={async () => {
            await changeRole(api, member.userId, asked);
            // Refetch the role first: the user may no longer be allowed to see these settings.
            await queries.invalidateQueries({ queryKey: ['me'] });
            await queries.invalidateQueries({ queryKey: ['members'] });
          }}
          onClose={() => {
            setAsked(null);
          }}
        >
          <p>
            {t`You lose the owner's permissions immediately. Only another owner can restore them.`}
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}

/** The members of the workspace and their roles. */
export function MembersTab() {
  const { api } = useServices();
  const now = useNow();
  const queries = useQueryClient();
  const { data: me } = useQuery(meQuery(api));
  const [removing, setRemoving] = useState<Member | null>(null);
  return (
    <>
      <dl className={classes.roles}>
        <dt>{t`Viewer`}</dt>
        <dd>{t`can read everything`}</dd>
        <dt>{t`Member`}</dt>
        <dd>{t`can also start and cancel runs, resend messages and export`}</dd>
        <dt>{t`Admin`}</dt>
        <dd>{t`can also edit automations, templates, secrets and contacts`}</dd>
        <dt>{t`Owner`}</dt>
        <dd>{t`can also manage members and settings`}</dd>
      </dl>
      <SimpleList
        label={t`Members`}
        query={useQuery(membersQuery(api))}
        empty={
          <EmptyState title={t`No members`}>
            <p>{t`Invite a member below.`}</p>
          </EmptyState>
        }
      >
        {(member) => (
          <SimpleListItem
            key={member.userId}
            title={
              <>
                {member.email}
                {member.userId === me?.userId && ' (you)'}
              </>
            }
            actions={
              <>
                <RoleSelect member={member} isOwn={member.userId === me?.userId} />
                <SimpleListAction
                  label={t`Remove ${member.email}`}
                  onClick={() => {
                    setRemoving(member);
                  }}
                >
                  {t`Remove`}
                </SimpleListAction>
              </>
            }
          >
            <Trans>
              Joined <RelativeTime time={member.joinedAt} now={now} />
            </Trans>
          </SimpleListItem>
        )}
      </SimpleList>
      <Invitations />
      {removing && (
        <ConfirmDialog
          title={t`Remove ${removing.email}?`}
          action={t`Remove member`}
          run={async () => {
            await removeMember(api, removing.userId);
            await queries.invalidateQueries({ queryKey: ['members'] });
          }}
          onClose={() => {
            setRemoving(null);
          }}
        >
          <p>
            {t`The member loses access to this workspace. The member’s name stays in the history. You can invite the person again.`}
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
