import { fetchOrOffline, readProblem } from '../api/problem';

/** The deployment's settings for the console, served beside it as `/config.json`. */
export interface Config {
  region: string;
  userPoolClientId: string;
  /** Cognito's address; in the local stack a path of the console's origin. */
  cognitoEndpoint: string;
}

function isConfig(value: unknown): value is Config {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  return ['region', 'userPoolClientId', 'cognitoEndpoint'].every(
    (name) => typeof fields[name] === 'string' && fields[name] !== '',
  );
}

export async function loadConfig(): Promise<Config> {
  const response = await fetchOrOffline('/config.json', { cache: 'no-cache' });
  if (!response.ok) throw await readProblem(response);
  const config: unknown = await response.json();
  if (!isConfig(config)) throw new Error('/config.json lacks a required field.');
  return config;
}
