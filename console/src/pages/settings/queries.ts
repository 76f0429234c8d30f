/** The API queries of the settings. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import type {
  Invitation,
  InvitationDocument,
  Member,
  Role,
  SecretName,
  SentInvitation,
  Settings,
  SettingsDocument,
} from '../../shared/api/types';

export function settingsQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['settings'],
    queryFn: ({ signal }) => api.get('/v1/settings', { signal }),
  });
}

export function saveSettings(api: ApiClient, settings: SettingsDocument): Promise<Settings> {
  return api.put('/v1/settings', { body: settings });
}

export function membersQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['members'],
    queryFn: async ({ signal }) => (await api.get('/v1/members', { signal })).items,
  });
}

export function invitationsQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['invitations'],
    queryFn: async ({ signal }): Promise<Invitation[]> =>
      (await api.get('/v1/invitations', { signal })).items,
  });
}

export function invite(api: ApiClient, invited: InvitationDocument): Promise<SentInvitation> {
  return api.post('/v1/invitations', { body: invited });
}

export function resendInvitation(api: ApiClient, id: string): Promise<SentInvitation> {
  return api.post('/v1/invitations/{invitation_id}/resend', { path: { invitation_id: id } });
}

export function withdrawInvitation(api: ApiClient, id: string): Promise<undefined> {
  return api.delete('/v1/invitations/{invitation_id}', { path: { invitation_id: id } });
}

export function changeRole(api: ApiClient, userId: string, role: Role): Promise<Member> {
  return api.put('/v1/members/{user_id}', { path: { user_id: userId }, body: { role } });
}

export function removeMember(api: ApiClient, userId: string): Promise<undefined> {
  return api.delete('/v1/members/{user_id}', { path: { user_id: userId } });
}

export function secretsQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['secrets'],
    queryFn: async ({ signal }) => (await api.get('/v1/secrets', { signal })).items,
  });
}

/** A new value, new allowed hosts, or both; omitted fields stay unchanged. */
export interface SecretChange {
  value?: string;
  allowedHosts?: string[];
}

export function setSecret(api: ApiClient, name: string, body: SecretChange): Promise<SecretName> {
  return api.put('/v1/secrets/{name}', { path: { name }, body });
}

export function deleteSecret(api: ApiClient, name: string): Promise<undefined> {
  return api.delete('/v1/secrets/{name}', { path: { name } });
}
