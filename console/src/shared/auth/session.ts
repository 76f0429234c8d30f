/**
 * Who is signed in. Tokens live in the tab's session storage only: closing the tab ends the
 * session, and nothing outlives it.
 */

import type { Credentials } from '../api/client';
import { SessionExpiredError } from '../api/problem';
import {
  answerCode,
  chooseFirstPassword,
  type CodeRequired,
  newSecondFactor,
  type NewPasswordRequired,
  preferSecondFactor,
  renewTokens,
  revokeToken,
  SignInError,
  signInWithPassword,
  switchOnSecondFactor,
  type Tokens,
} from './cognito';
import type { Config } from './config';

/** What the console keeps in the tab, unsaved work too, begins with it. */
const PREFIX = 'runledger.';
const TOKENS_KEY = `${PREFIX}tokens`;
const WORKSPACE_KEY = `${PREFIX}workspace`;
const PERSON_KEY = `${PREFIX}person`;
/** Renew this long before the access token ends, so that no request leaves with a dying one. */
const RENEW_BEFORE_MS = 60_000;

export type SessionState = 'signed-out' | 'signed-in' | 'expired';

export interface Session extends Credentials {
  state: () => SessionState;
  subscribe: (listener: () => void) => () => void;
  /** Raises SignInError, NewPasswordRequired, CodeRequired, OfflineError. */
  signIn: (email: string, password: string) => Promise<void>;
  /** Goes on where signing in raised NewPasswordRequired. */
  choosePassword: (required: NewPasswordRequired, password: string) => Promise<void>;
  /** Goes on where signing in raised CodeRequired. */
  answerCode: (required: CodeRequired, code: string) => Promise<void>;
  /** Of the person who is signed in; `begin` gives the secret for their app. */
  secondFactor: {
    begin: () => Promise<string>;
    switchOn: (code: string) => Promise<void>;
    switchOff: () => Promise<void>;
  };
  /** Forgets all that was kept in the tab, and ends the tokens at Cognito where it can be reached. */
  signOut: () => void;
  chooseWorkspace: (id: string) => void;
}

function readTokens(storage: Storage): Tokens | null {
  const stored = storage.getItem(TOKENS_KEY);
  return stored === null ? null : (JSON.parse(stored) as Tokens);
}

export function createSession(config: Config, storage: Storage = sessionStorage): Session {
  let tokens = readTokens(storage);
  let state: SessionState = tokens ? 'signed-in' : 'signed-out';
  let renewal: Promise<string> | null = null;
  const listeners = new Set<() => void>();

  function become(next: SessionState, kept: Tokens | null) {
    state = next;
    tokens = kept;
    if (kept) storage.setItem(TOKENS_KEY, JSON.stringify(kept));
    else storage.removeItem(TOKENS_KEY);
    for (const listener of listeners) listener();
  }

  function enter(email: string, granted: Tokens) {
    // The workspace that somebody else chose in this tab may not be one of theirs.
    if (storage.getItem(PERSON_KEY) !== email) storage.removeItem(WORKSPACE_KEY);
    storage.setItem(PERSON_KEY, email);
    become('signed-in', granted);
  }

  function expire() {
    if (state === 'signed-in') become('expired', null);
  }

  async function renew(): Promise<string> {
    if (!tokens) throw new SessionExpiredError();
    const before = tokens;
    try {
      const renewed = await renewTokens(config, before.refreshToken);
      // Signed out while the answer was on its way: stay out.
      if (tokens !== before) throw new SessionExpiredError();
      become('signed-in', renewed);
      return renewed.accessToken;
    } catch (error) {
      if (error instanceof SignInError && error.code === 'NotAuthorizedException') {
        expire();
        throw new SessionExpiredError();
      }
      throw error;
    }
  }

  function renewOnce(): Promise<string> {
    renewal ??= renew().finally(() => {
      renewal = null;
    });
    return renewal;
  }

  async function accessToken(): Promise<string> {
    if (!tokens) throw new SessionExpiredError();
    const fresh = tokens.expiresAt - RENEW_BEFORE_MS > Date.now();
    return fresh ? tokens.accessToken : renewOnce();
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async signIn(email, password) {
      enter(email, await signInWithPassword(config, email, password));
    },
    async choosePassword(required, password) {
      enter(required.email, await chooseFirstPassword(config, required, password));
    },
    async answerCode(required, code) {
      enter(required.email, await answerCode(config, required, code));
    },
    secondFactor: {
      begin: async () => newSecondFactor(config, await accessToken()),
      switchOn: async (code) => switchOnSecondFactor(config, await accessToken(), code),
      switchOff: async () => preferSecondFactor(config, await accessToken(), false),
    },
    signOut() {
      const refreshToken = tokens?.refreshToken;
      for (const key of Object.keys(storage)) {
        if (key.startsWith(PREFIX)) storage.removeItem(key);
      }
      become('signed-out', null);
      if (refreshToken === undefined) return;
      // Best effort: whoever signs out is out of this tab whatever Cognito says, and can do nothing
      // about it; the token ends by itself after some hours.
      revokeToken(config, refreshToken).catch(() => undefined);
    },
    accessToken,
    async replaceToken(token) {
      if (!tokens) throw new SessionExpiredError();
      return tokens.accessToken === token ? renewOnce() : tokens.accessToken;
    },
    expire,
    workspaceId: () => storage.getItem(WORKSPACE_KEY),
    chooseWorkspace(id) {
      storage.setItem(WORKSPACE_KEY, id);
    },
    forgetWorkspace() {
      storage.removeItem(WORKSPACE_KEY);
    },
  };
}
