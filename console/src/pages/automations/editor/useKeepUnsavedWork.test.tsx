import { renderHook } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, it } from 'vitest';
import { createClient } from '../../../shared/api/client';
import { ServicesContext } from '../../../shared/auth/services';
import { createSession } from '../../../shared/auth/session';
import { CONFIG, rememberTokens } from '../../../test/render';
import { json, serve } from '../../../test/server';
import { NEW_DOCUMENT } from './document';
import { unsavedWorkKey, readUnsavedWork } from './unsavedWork';
import { useKeepUnsavedWork } from './useKeepUnsavedWork';

const KEY = unsavedWorkKey('ada@example.com', 'ws_1', null);

function edit() {
  rememberTokens();
  serve({ '/cognito': () => json({}) });
  const session = createSession(CONFIG);
  const services = { session, api: createClient(session) };
  const wrapper = ({ children }: { children: ReactNode }) => (
    <ServicesContext value={services}>{children}</ServicesContext>
  );
  const { unmount, rerender } = renderHook(
    ({ isDirty }) => useKeepUnsavedWork(KEY, NEW_DOCUMENT, null, isDirty),
    { wrapper, initialProps: { isDirty: true } },
  );
  return { session, unmount, rerender };
}

it('the last change is kept when the session ends within the delay', () => {
  const { session, unmount } = edit();
  expect(readUnsavedWork(KEY)).toBeNull();
  session.expire();
  unmount();
  expect(readUnsavedWork(KEY)?.document).toEqual(NEW_DOCUMENT);
});

it('signing out deletes the kept work', () => {
  const { session, unmount } = edit();
  session.signOut();
  unmount();
  expect(readUnsavedWork(KEY)).toBeNull();
});

it('saved work is not kept when the user leaves the page', () => {
  const { unmount, rerender } = edit();
  rerender({ isDirty: false });
  unmount();
  expect(readUnsavedWork(KEY)).toBeNull();
});
