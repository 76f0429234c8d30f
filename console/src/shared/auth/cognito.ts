/** The console's Cognito calls: signing in, renewing tokens, and the user's second factor. */

import { t } from '@lingui/core/macro';
import { fetchOrOffline } from '../api/problem';
import type { Config } from './config';

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Epoch milliseconds, by this machine's clock. */
  expiresAt: number;
}

/** Cognito refused; `code` is the name of its exception, the message is for the user. */
export class SignInError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = t`SignInError`;
  }
}

/** The account still has its temporary password: the user must choose their own. */
export class NewPasswordRequired extends Error {
  constructor(
    readonly email: string,
    /** The account's user name in Cognito. */
    readonly username: string,
    /** Proves to Cognito that the temporary password was correct; valid for a few minutes. */
    readonly proof: string,
  ) {
    super(t`This account needs a new password.`);
    this.name = t`NewPasswordRequired`;
  }
}

/** The account has a second factor: Cognito asks for the current code of the user's app. */
export class CodeRequired extends Error {
  constructor(
    readonly email: string,
    readonly username: string,
    /** Proves to Cognito that the password was correct; valid for a few minutes. */
    readonly proof: string,
  ) {
    super(t`Signing in to this account needs a code from your authenticator app.`);
    this.name = t`CodeRequired`;
  }
}

/** Our code for a challenge that came too late, which Cognito does not name. */
export const TOO_LATE = 'ChallengeExpired';

const WRONG = t`The e-mail address or the password is wrong.`;
const MESSAGES: Record<string, string> = {
  NotAuthorizedException: WRONG,
  // One message for both: different ones would reveal who has an account.
  UserNotFoundException: WRONG,
  PasswordResetRequiredException: t`Your password must be reset. Choose "Forgot password?".`,
  UserNotConfirmedException: t`Your account is not confirmed yet. Ask an owner of your workspace.`,
  InvalidPasswordException:
    t`The password is too simple: it needs 12 characters, with uppercase and lowercase letters and digits.`,
  CodeMismatchException: t`The code is wrong. Enter the code that your app shows now.`,
  EnableSoftwareTokenMFAException: t`The code is wrong. Enter the code that your app shows now.`,
  ExpiredCodeException: t`This code was used already. Wait for the next one.`,
  TooManyRequestsException: t`Too many attempts. Wait a minute, then try again.`,
  LimitExceededException: t`Too many attempts. Wait a few minutes, then try again.`,
};

const NO_RESET = t`The password of this address cannot be reset. Ask an owner of your workspace.`;
const NOT_RESET_NOW = t`The password cannot be reset right now. Try again in a few minutes.`;
/** Where the messages of a reset differ from those of signing in. */
const RESET_MESSAGES: Record<string, string> = {
  CodeMismatchException: t`The code is wrong. Enter the code from the latest e-mail.`,
  ExpiredCodeException: t`The code has expired or was used. Send another code.`,
  // The address is not verified.
  InvalidParameterException: NO_RESET,
  PasswordHistoryPolicyViolationException: t`You have used this password before. Choose another one.`,
  TooManyFailedAttemptsException: t`Too many wrong codes. Wait a few minutes, then send another code.`,
  CodeDeliveryFailureException: NOT_RESET_NOW,
  UserLambdaValidationException: NOT_RESET_NOW,
  UnexpectedLambdaException: NOT_RESET_NOW,
};

/** Errors that Cognito distinguishes only by the text of its message. */
const MESSAGES_BY_TEXT: [words: string, message: string][] = [
  ['attempts exceeded', MESSAGES.LimitExceededException ?? ''],
  [
    'Temporary password has expired',
    t`The password from your invitation has expired. Ask an owner of your workspace to send the invitation again.`,
  ],
  [
    'cannot be reset in the current state',
    t`You have not chosen a password yet. Sign in with the one from your invitation, or ask an owner of your workspace to send the invitation again.`,
  ],
];

type Parameters = Record<string, string>;

interface Granted {
  AccessToken: string;
  RefreshToken?: string;
  ExpiresIn: number;
}

interface Answer {
  AuthenticationResult?: Granted;
  ChallengeName?: string;
  ChallengeParameters?: { USER_ID_FOR_SRP?: string };
  Session?: string;
  SecretCode?: string;
  __type?: string;
  message?: string;
}

async function call(
  config: Config,
  action:
    | 'AssociateSoftwareToken'
    | 'ConfirmForgotPassword'
    | 'ForgotPassword'
    | 'InitiateAuth'
    | 'RespondToAuthChallenge'
    | 'RevokeToken'
    | 'SetUserMFAPreference'
    | 'VerifySoftwareToken',
  parameters: Record<string, string | Parameters | Record<string, boolean>>,
): Promise<Answer> {
  const response = await fetchOrOffline(config.cognitoEndpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': `AWSCognitoIdentityProviderService.${action}`,
    },
    body: JSON.stringify(parameters),
  });
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const answer = isJson ? ((await response.json()) as Answer) : {};
  if (response.ok) return answer;
  const code = answer.__type?.split('#').at(-1) ?? t`HTTP ${response.status}`;
  const known = MESSAGES_BY_TEXT.find(([words]) => answer.message?.includes(words));
  throw new SignInError(
    code,
    known?.[1] ??
      MESSAGES[code] ?? t`Signing in is not possible right now (${code}). Try again in a moment.`,
  );
}

function granted(answer: Answer, email: string): Granted {
  if (answer.AuthenticationResult) return answer.AuthenticationResult;
  if (answer.ChallengeName === 'NEW_PASSWORD_REQUIRED' && answer.Session !== undefined) {
    const username = answer.ChallengeParameters?.USER_ID_FOR_SRP ?? email;
    throw new NewPasswordRequired(email, username, answer.Session);
  }
  if (answer.ChallengeName === 'SOFTWARE_TOKEN_MFA' && answer.Session !== undefined) {
    const username = answer.ChallengeParameters?.USER_ID_FOR_SRP ?? email;
    throw new CodeRequired(email, username, answer.Session);
  }
  throw new SignInError(
    answer.ChallengeName ?? 'UnknownAnswer',
    t`This account needs a sign-in step that the console does not support (${answer.ChallengeName ?? t`unknown`}).`,
  );
}

function tokensOf({ AccessToken, RefreshToken, ExpiresIn }: Granted, refreshToken = ''): Tokens {
  return {
    accessToken: AccessToken,
    // On renewal Cognito sends a new refresh token only if rotation is switched on.
    refreshToken: RefreshToken ?? refreshToken,
    expiresAt: Date.now() + ExpiresIn * 1000,
  };
}

/** Raises SignInError, NewPasswordRequired, CodeRequired. */
export async function signInWithPassword(
  config: Config,
  email: string,
  password: string,
): Promise<Tokens> {
  const answer = await call(config, 'InitiateAuth', {
    ClientId: config.userPoolClientId,
    AuthFlow: 'USER_PASSWORD_AUTH',
    AuthParameters: { USERNAME: email, PASSWORD: password },
  });
  return tokensOf(granted(answer, email));
}

/** The earlier proof has expired; no password is sent here that could be wrong. */
function tooLate(error: unknown): never {
  if (error instanceof SignInError && error.code === 'NotAuthorizedException') {
    throw new SignInError(TOO_LATE, t`Signing in took too long. Sign in again.`);
  }
  throw error;
}

/** Raises SignInError; with the code TOO_LATE the user must start with the password again. */
export async function answerCode(
  config: Config,
  { email, username, proof }: CodeRequired,
  code: string,
): Promise<Tokens> {
  const answer = await call(config, 'RespondToAuthChallenge', {
    ClientId: config.userPoolClientId,
    ChallengeName: 'SOFTWARE_TOKEN_MFA',
    Session: proof,
    ChallengeResponses: { USERNAME: username, SOFTWARE_TOKEN_MFA_CODE: code },
  }).catch(tooLate);
  return tokensOf(granted(answer, email));
}

/** Returns a secret for the user's app. It does not switch the second factor on yet. */
export async function newSecondFactor(config: Config, accessToken: string): Promise<string> {
  const answer = await call(config, 'AssociateSoftwareToken', { AccessToken: accessToken });
  return answer.SecretCode ?? '';
}

/** Switches the second factor on, after a code proves that the app has the secret. */
export async function switchOnSecondFactor(
  config: Config,
  accessToken: string,
  code: string,
): Promise<void> {
  await call(config, 'VerifySoftwareToken', { AccessToken: accessToken, UserCode: code });
  await preferSecondFactor(config, accessToken, true);
}

export async function preferSecondFactor(
  config: Config,
  accessToken: string,
  isOn: boolean,
): Promise<void> {
  await call(config, 'SetUserMFAPreference', {
    AccessToken: accessToken,
    SoftwareTokenMfaSettings: { Enabled: isOn, PreferredMfa: isOn },
  });
}

/** As `signInWithPassword`; after TOO_LATE the user starts with the temporary password again. */
export async function chooseFirstPassword(
  config: Config,
  { email, username, proof }: NewPasswordRequired,
  password: string,
): Promise<Tokens> {
  const answer = await call(config, 'RespondToAuthChallenge', {
    ClientId: config.userPoolClientId,
    ChallengeName: 'NEW_PASSWORD_REQUIRED',
    Session: proof,
    ChallengeResponses: { USERNAME: username, NEW_PASSWORD: password },
  }).catch(tooLate);
  return tokensOf(granted(answer, email));
}

function resetFailure(error: unknown): never {
  if (error instanceof SignInError) {
    const message = error.message === WRONG ? NO_RESET : error.message;
    throw new SignInError(error.code, RESET_MESSAGES[error.code] ?? message);
  }
  throw error;
}

/** Mails a code for a new password. An unknown address gets the same answer. Raises SignInError. */
export async function sendResetCode(config: Config, email: string): Promise<void> {
  await call(config, 'ForgotPassword', {
    ClientId: config.userPoolClientId,
    Username: email,
  }).catch(resetFailure);
}

/** Sets a new password with the mailed code. Raises SignInError. */
export async function resetPassword(
  config: Config,
  email: string,
  code: string,
  password: string,
): Promise<void> {
  await call(config, 'ConfirmForgotPassword', {
    ClientId: config.userPoolClientId,
    Username: email,
    ConfirmationCode: code,
    Password: password,
  }).catch(resetFailure);
}

export async function renewTokens(config: Config, refreshToken: string): Promise<Tokens> {
  const answer = await call(config, 'InitiateAuth', {
    ClientId: config.userPoolClientId,
    AuthFlow: 'REFRESH_TOKEN_AUTH',
    AuthParameters: { REFRESH_TOKEN: refreshToken },
  });
  return tokensOf(granted(answer, ''), refreshToken);
}

/** Revokes a refresh token and its access tokens, including copies. */
export async function revokeToken(config: Config, refreshToken: string): Promise<void> {
  await call(config, 'RevokeToken', { ClientId: config.userPoolClientId, Token: refreshToken });
}
