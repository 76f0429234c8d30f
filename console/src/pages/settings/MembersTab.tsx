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
  /** Whether it is the role of the person signed in, who may not be able to undo the change. */
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
        aria-label={`Role of ${member.email}`}
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
          title={`Make yourself ${formatWord(asked).toLowerCase()}?`}
          action="Change my role"
          run={async () => {
            await changeRole(api, member.userId, asked);
            // The role first: these settings may not be one's own to see any more.
            await queries.invalidateQueries({ queryKey: ['me'] });
            await queries.invalidateQueries({ queryKey: ['members'] });
          }}
          onClose={() => {
            setAsked(null);
          }}
        >
          <p>
            What only an owner may do is over for you at once. Another owner can give it back, you
            cannot.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}

/** Who may come in, and what they may do. */
export function MembersTab() {
  const { api } = useServices();
  const now = useNow();
  const queries = useQueryClient();
  const { data: me } = useQuery(meQuery(api));
  const [removing, setRemoving] = useState<Member | null>(null);
  return (
    <>
      <dl className={classes.roles}>
        <dt>Viewer</dt>
        <dd>reads</dd>
        <dt>Member</dt>
        <dd>also starts, cancels, resends and exports</dd>
        <dt>Admin</dt>
        <dd>also edits automations, templates, secrets and contacts</dd>
        <dt>Owner</dt>
        <dd>also members and settings</dd>
      </dl>
      <SimpleList
        label="Members"
        query={useQuery(membersQuery(api))}
        empty={
          <EmptyState title="There are no members">
            <p>Invite the first one below.</p>
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
                  label={`Remove ${member.email}`}
                  onClick={() => {
                    setRemoving(member);
                  }}
                >
                  Remove
                </SimpleListAction>
              </>
            }
          >
            Joined <RelativeTime time={member.joinedAt} now={now} />
          </SimpleListItem>
        )}
      </SimpleList>
      <Invitations />
      {removing && (
        <ConfirmDialog
          title={`Remove ${removing.email}?`}
          action="Remove the member"
          run={async () => {
            await removeMember(api, removing.userId);
            await queries.invalidateQueries({ queryKey: ['members'] });
          }}
          onClose={() => {
            setRemoving(null);
          }}
        >
          <p>
            They have no access to this workspace from then on. What they did keeps their name. They
            can be invited again.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
