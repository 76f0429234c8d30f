import type { AUTOMATION_PAGE } from '../../shared/subjects/automations';
import type { Automation, VersionSummary } from './types';

export const DRAFT = 'draft';

/** What is compared: versions by their numbers, or the draft. */
export interface ComparedVersions {
  from: string;
  to: string;
}

type Asked = Pick<typeof AUTOMATION_PAGE.none, 'from' | 'to'>;

/**
 * What the URL says, else the draft with what is active, else the last two. A `to` alone, as a
 * link to one version has it, is compared with the version before it. `versions`: newest first.
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
