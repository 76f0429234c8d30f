/** What the settings ask of the API. */

import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../api/client';
import type { Member, MemberDocument, Page, Role, SecretName, Settings } from '../api/types';

export function settingsQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['settings'],
    queryFn: ({ signal }) => api.get<Settings>('/v1/settings', {}, signal),
  });
}

export function saveSettings(api: ApiClient, settings: Settings): Promise<Settings> {
  return api.send('PUT', '/v1/settings', settings);
}

export function membersQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['members'],
    queryFn: async ({ signal }) =>
      (await api.get<Page<Member>>('/v1/members', {}, signal)).items,
  });
}

function memberPath(userId: string): string {
  return `/v1/members/${encodeURIComponent(userId)}`;
}

export function addMember(api: ApiClient, member: MemberDocument): Promise<Member> {
  return api.send('POST', '/v1/members', member);
}

export function changeRole(api: ApiClient, userId: string, role: Role): Promise<Member> {
  return api.send('PUT', memberPath(userId), { role });
}

export function removeMember(api: ApiClient, userId: string): Promise<unknown> {
  return api.send('DELETE', memberPath(userId));
}

export function secretsQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['secrets'],
    queryFn: async ({ signal }) =>
      (await api.get<Page<SecretName>>('/v1/secrets', {}, signal)).items,
  });
}

function secretPath(name: string): string {
  return `/v1/secrets/${encodeURIComponent(name)}`;
}

export function setSecret(api: ApiClient, name: string, value: string): Promise<SecretName> {
  return api.send('PUT', secretPath(name), { value });
}

export function deleteSecret(api: ApiClient, name: string): Promise<unknown> {
  return api.send('DELETE', secretPath(name));
}
