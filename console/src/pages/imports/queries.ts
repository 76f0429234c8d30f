/** The API calls of the page of imports. */

import { t } from '@lingui/core/macro';
import { queryOptions } from '@tanstack/react-query';
import type { ApiClient } from '../../shared/api/client';
import type { ContactImport, ImportStart } from '../../shared/api/types';
import { formatOf } from './fields';

const POLL_MS = 1_500;
const PART_BYTES = 4 * 1024 * 1024;

export function isAtWork({ status }: ContactImport): boolean {
  return status === 'CHECKING' || status === 'RUNNING';
}

export function importQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['import', id],
    queryFn: ({ signal }) =>
      api.get('/v1/contacts/imports/{import_id}', { path: { import_id: id }, signal }),
    refetchInterval: ({ state }) => (state.data && isAtWork(state.data) ? POLL_MS : false),
  });
}

/** The newest imports. */
export function importsQuery(api: ApiClient) {
  return queryOptions({
    queryKey: ['imports'],
    queryFn: ({ signal }) => api.get('/v1/contacts/imports', { query: { limit: 20 }, signal }),
    select: ({ items }) => items,
  });
}

export function previewQuery(api: ApiClient, id: string) {
  return queryOptions({
    queryKey: ['import', id, 'preview'],
    queryFn: ({ signal }) =>
      api.get('/v1/contacts/imports/{import_id}/preview', { path: { import_id: id }, signal }),
    staleTime: Infinity,
  });
}

/** The file on the disk is not the chosen one any more. */
export class FileChangedError extends Error {
  constructor(cause: unknown) {
    super(t`The file was changed or deleted`, { cause });
  }
}

async function readPart(file: File, start: number): Promise<Blob> {
  const part = file.slice(start, start + PART_BYTES);
  try {
    // Read before it is sent: a request that cannot read it fails like one without a network.
    return new Blob([await part.arrayBuffer()]);
  } catch (error) {
    throw new FileChangedError(error);
  }
}

/**
 * Uploads a file in parts. `begun` is the import with the parts of an interrupted upload; `onMade`
 * hears of the import after each part.
 */
export async function uploadFile(
  api: ApiClient,
  file: File,
  begun: ContactImport | null,
  onMade: (made: ContactImport) => void,
): Promise<ContactImport> {
  const document = { format: formatOf(file.name), fileName: file.name.slice(0, 200) };
  let made = begun ?? (await api.post('/v1/contacts/imports', { body: document }));
  onMade(made);
  for (let start = 0, number = 1; start < file.size; start += PART_BYTES, number += 1) {
    if (made.parts.includes(number)) continue;
    made = await api.put('/v1/contacts/imports/{import_id}/parts/{number}', {
      path: { import_id: made.id, number },
      body: await readPart(file, start),
    });
    onMade(made);
  }
  return made;
}

export function startImport(
  api: ApiClient,
  id: string,
  document: ImportStart,
): Promise<ContactImport> {
  return api.post('/v1/contacts/imports/{import_id}/start', {
    path: { import_id: id },
    body: document,
  });
}

export function cancelImport(api: ApiClient, id: string): Promise<ContactImport> {
  return api.post('/v1/contacts/imports/{import_id}/cancel', { path: { import_id: id } });
}
