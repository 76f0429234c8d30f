import type { AUTOMATION_PAGE } from '../../shared/subjects/automations';
import type { Automation, VersionSummary } from './types';

export const DRAFT = 'draft';

/** The compared versions: version numbers, or the draft. */
export interface ComparedVersions {
  from: string;
  to: string;
}

type Asked = Pick<typeof AUTOMATION_PAGE.none, 'from' | 'to'>;

/**
 * Returns the versions from the URL, else the draft and the active version, else the last two. A
 * `to` alone, as in a link to one version, is compared with the version before. `versions` are
 * sorted newest first.
 */
export function comparedVersions(
  asked: Asked,
  { hasUnpublishedChanges }: Pick<Automation, 'hasUnpublishedChanges'>,
  versions: readonly Pick<VersionSummary, 'version'>[],
): ComparedVersions {
  const numbers = versions.map(({ version }) => String(version));
  const [latest = DRAFT] = numbers;
  const to = asked.to ?? (hasUnpublishedChanges ? DRAFT : latest);
  const at = numbers.indexOf(to);
  const earlier = to === DRAFT ? latest : at < 0 ? to : (numbers[at + 1] ?? to);
  return { from: asked.from ?? earlier, to };
}
