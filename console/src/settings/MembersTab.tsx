import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useRef, useState } from 'react';
import { meQuery } from '../api/queries';
import { type Member, type MemberDocument, type Role, ROLES } from '../api/types';
import { useServices } from '../app/context';
import { EmptyState } from '../ui/EmptyState';
import { ErrorNotice } from '../ui/ErrorNotice';
import form from '../ui/Form.module.css';
import { formatWord } from '../ui/format';
import { fieldError, formError, useFocusOnError } from '../ui/forms';
import { RelativeTime, useNow } from '../ui/Time';
import { ConfirmDialog } from './ConfirmDialog';
import { addMember, changeRole, membersQuery, removeMember } from './queries';
import { Row, Rows } from './Rows';
import classes from './Settings.module.css';

const ROLE_OPTIONS = ROLES.map((role) => ({ value: role, label: formatWord(role) }));

function asRole(value: FormDataEntryValue | null): Role {
  return ROLES.find((role) => role === value) ?? 'VIEWER';
}

function AddForm() {
  const { api } = useServices();
  const queries = useQueryClient();
  const element = useRef<HTMLFormElement>(null);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (member: MemberDocument) => addMember(api, member),
    networkMode: 'always',
    onSuccess: async () => {
      element.current?.reset();
      await queries.invalidateQueries({ queryKey: ['members'] });
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
      aria-label="Add a member"
    >
      {general && <ErrorNotice error={general} />}
      <div className={form.pair}>
        <TextInput
          label="E-mail address"
          name="email"
          type="email"
          autoComplete="off"
          required
          withAsterisk={false}
          error={fieldError(error, 'email')}
        />
        <NativeSelect
          label="Role"
          name="role"
          data={ROLE_OPTIONS}
          defaultValue="MEMBER"
          error={fieldError(error, 'role')}
        />
      </div>
      <div className={form.buttons}>
        <Button type="submit" loading={isPending}>
          Add the member
        </Button>
      </div>
    </form>
  );
}

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
      <Rows
        label="Members"
        query={useQuery(membersQuery(api))}
        empty={
          <EmptyState title="There are no members">
            <p>Add the first one below.</p>
          </EmptyState>
        }
      >
        {(member) => (
          <Row
            key={member.userId}
            title={
              <>
                {member.email}
                {member.email === me?.email && ' (you)'}
              </>
            }
            actions={
              <>
                <RoleSelect member={member} isOwn={member.email === me?.email} />
                <Button
                  variant="default"
                  size="xs"
                  aria-label={`Remove ${member.email}`}
                  onClick={() => {
                    setRemoving(member);
                  }}
                >
                  Remove
                </Button>
              </>
            }
          >
            Joined <RelativeTime time={member.joinedAt} now={now} />
          </Row>
        )}
      </Rows>
      <h2>Add a member</h2>
      <AddForm />
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
            can be added again.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
