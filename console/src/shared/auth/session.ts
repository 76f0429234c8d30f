/**
 * The signed-in user's session. Tokens are kept only in the tab's session storage, so closing the
 * tab ends the session and leaves nothing behind.
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
  resetPassword,
  revokeToken,
  sendResetCode,
  SignInError,
  signInWithPassword,
  switchOnSecondFactor,
  type Tokens,
} from './cognito';
import type { Config } from './config';
import { normalizeEmail } from './email';

/** The prefix of everything that the console keeps in the tab, including unsaved work. */
const PREFIX = 'runledger.';
const TOKENS_KEY = `${PREFIX}tokens`;
const WORKSPACE_KEY = `${PREFIX}workspace`;
const PERSON_KEY = `${PREFIX}person`;
/** The prefix of what a person found last. */
export const RECENT_PREFIX = `${PREFIX}recent.`;
/** The access token is renewed this long before it expires, so that no request uses an old one. */
const RENEW_BEFORE_MS = 60_000;

export type SessionState = 'signed-out' | 'signed-in' | 'expired';

export interface Session extends Credentials {
  state: () => SessionState;
  subscribe: (listener: () => void) => () => void;
  /** Raises SignInError, NewPasswordRequired, CodeRequired, OfflineError. */
  signIn: (email: string, password: string) => Promise<void>;
  /** Continues after signIn raised NewPasswordRequired. */
  choosePassword: (required: NewPasswordRequired, password: string) => Promise<void>;
  /** Continues after signIn raised CodeRequired. */
  answerCode: (required: CodeRequired, code: string) => Promise<void>;
  /** Mails a code with which the user can choose a new password. */
  sendResetCode: (email: string) => Promise<void>;
  /** Sets a new password with the mailed code, and signs in; raises as signIn does. */
  resetPassword: (email: string, code: string, password: string) => Promise<void>;
  /** The user's second factor; `begin` returns the secret for their app. */
  secondFactor: {
    begin: () => Promise<string>;
    switchOn: (code: string) => Promise<void>;
    switchOff: () => Promise<void>;
  };
  /** Clears everything kept in the tab, and revokes the tokens if Cognito can be reached. */
  signOut: () => void;
  chooseWorkspace: (id: string) => void;
}

function readTokens(storage: Storage): Tokens | null {
  const stored = storage.getItem(TOKENS_KEY);
  return stored === null ? null : (JSON.parse(stored) as Tokens);
}

/** The deployment's settings may still be loading; only calls of Cognito wait for them. */
export function createSession(
  settings: Config | Promise<Config>,
  storage: Storage = sessionStorage,
): Session {
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

  function clear(prefix: string) {
    for (const key of Object.keys(storage)) {
      if (key.startsWith(prefix)) storage.removeItem(key);
    }
  }

  function enter(email: string, granted: Tokens) {
    // Another user may have chosen a workspace in this tab that this user is not in.
    if (storage.getItem(PERSON_KEY) !== email) {
      storage.removeItem(WORKSPACE_KEY);
      clear(RECENT_PREFIX);
    }
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
      const renewed = await renewTokens(await settings, before.refreshToken);
      // The user signed out before the answer came: stay signed out.
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
    async signIn(typed, password) {
      const email = normalizeEmail(typed);
      enter(email, await signInWithPassword(await settings, email, password));
    },
    async choosePassword(required, password) {
      enter(required.email, await chooseFirstPassword(await settings, required, password));
    },
    async answerCode(required, code) {
      enter(required.email, await answerCode(await settings, required, code));
    },
    async sendResetCode(typed) {
      await sendResetCode(await settings, normalizeEmail(typed));
    },
    async resetPassword(typed, code, password) {
      const email = normalizeEmail(typed);
      await resetPassword(await settings, email, code, password);
      enter(email, await signInWithPassword(await settings, email, password));
    },
    secondFactor: {
      begin: async () => newSecondFactor(await settings, await accessToken()),
      switchOn: async (code) => switchOnSecondFactor(await settings, await accessToken(), code),
      switchOff: async () => preferSecondFactor(await settings, await accessToken(), false),
    },
    signOut() {
      const refreshToken = tokens?.refreshToken;
      clear(PREFIX);
      become('signed-out', null);
      if (refreshToken === undefined) return;
      // Best effort: the tab is signed out even if Cognito fails, and the user cannot act on an
      // error. The token expires after some hours.
      const revoke = async () => revokeToken(await settings, refreshToken);
      revoke().catch(() => undefined);
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
