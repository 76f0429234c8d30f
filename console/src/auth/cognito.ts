/** The two Cognito calls the console makes: sign in with a password, renew with a refresh token. */

import { fetchOrOffline } from '../api/problem';
import type { Config } from './config';

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** Epoch milliseconds, by this machine's clock. */
  expiresAt: number;
}

/** Cognito refused; `code` is its exception's name, the message is for the person signing in. */
export class SignInError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'SignInError';
  }
}

const WRONG = 'The e-mail address or the password is wrong.';
const MESSAGES: Record<string, string> = {
  NotAuthorizedException: WRONG,
  // Told apart, the two would let anyone find out who has an account.
  UserNotFoundException: WRONG,
  PasswordResetRequiredException: 'Your password must be reset. Ask an owner of your workspace.',
  UserNotConfirmedException: 'Your account is not confirmed yet. Ask an owner of your workspace.',
  TooManyRequestsException: 'Too many attempts. Wait a minute, then try again.',
  LimitExceededException: 'Too many attempts. Wait a few minutes, then try again.',
};

interface Answer {
  AuthenticationResult?: { AccessToken: string; RefreshToken?: string; ExpiresIn: number };
  ChallengeName?: string;
  __type?: string;
  message?: string;
}

async function initiateAuth(
  config: Config,
  flow: 'USER_PASSWORD_AUTH' | 'REFRESH_TOKEN_AUTH',
  parameters: Record<string, string>,
): Promise<Required<Answer>['AuthenticationResult']> {
  const response = await fetchOrOffline(config.cognitoEndpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-amz-json-1.1',
      'X-Amz-Target': 'AWSCognitoIdentityProviderService.InitiateAuth',
    },
    body: JSON.stringify({
      AuthFlow: flow,
      ClientId: config.userPoolClientId,
      AuthParameters: parameters,
    }),
  });
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const answer = isJson ? ((await response.json()) as Answer) : {};
  if (!response.ok) {
    const code = answer.__type?.split('#').at(-1) ?? `HTTP ${response.status}`;
    const attempts = answer.message?.includes('attempts exceeded') ?? false;
    const known = MESSAGES[attempts ? 'LimitExceededException' : code];
    throw new SignInError(
      code,
      known ?? `Signing in is not possible right now (${code}). Try again in a moment.`,
    );
  }
  if (answer.AuthenticationResult) return answer.AuthenticationResult;
  if (answer.ChallengeName === 'NEW_PASSWORD_REQUIRED') {
    throw new SignInError(
      answer.ChallengeName,
      'This account still has its temporary password. Ask an owner to set a permanent one.',
    );
  }
  throw new SignInError(
    answer.ChallengeName ?? 'UnknownAnswer',
    `This account asks for a further step that the console does not know (${answer.ChallengeName ?? 'none named'}).`,
  );
}

export async function signInWithPassword(
  config: Config,
  email: string,
  password: string,
): Promise<Tokens> {
  const result = await initiateAuth(config, 'USER_PASSWORD_AUTH', {
    USERNAME: email,
    PASSWORD: password,
  });
  return {
    accessToken: result.AccessToken,
    refreshToken: result.RefreshToken ?? '',
    expiresAt: Date.now() + result.ExpiresIn * 1000,
  };
}

export async function renewTokens(config: Config, refreshToken: string): Promise<Tokens> {
  const result = await initiateAuth(config, 'REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: refreshToken });
  return {
    accessToken: result.AccessToken,
    // Cognito sends a new refresh token only where rotation is switched on.
    refreshToken: result.RefreshToken ?? refreshToken,
    expiresAt: Date.now() + result.ExpiresIn * 1000,
  };
}
