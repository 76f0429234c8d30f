import { defineAddress } from '../app/addressState';
import { choice, text } from '../app/parameters';
import type { Automation, VersionSummary } from './types';

export const DRAFT = 'draft';

/** What is compared: versions by their numbers, or the draft. */
export interface Sides {
  from: string;
  to: string;
}

/** An automation's page: its tab, the node that is looked at, and the versions that are compared. */
export const AUTOMATION_PAGE = defineAddress({
  tab: choice(['versions']),
  node: text(),
  from: text(),
  to: text(),
});

type Asked = Pick<typeof AUTOMATION_PAGE.none, 'from' | 'to'>;

/**
 * What the URL says, else the draft with what is active, else the last two. A `to` alone, as a
 * link to one version has it, is compared with the version before it. `versions`: newest first.
 */
export function chosenSides(
  asked: Asked,
  { hasUnpublishedChanges }: Pick<Automation, 'hasUnpublishedChanges'>,
  versions: readonly Pick<VersionSummary, 'version'>[],
): Sides {
  const numbers = versions.map(({ version }) => String(version));
  const [latest = DRAFT] = numbers;
  const to = asked.to ?? (hasUnpublishedChanges ? DRAFT : latest);
  const at = numbers.indexOf(to);
  const earlier = to === DRAFT ? latest : at < 0 ? to : (numbers[at + 1] ?? to);
  return { from: asked.from ?? earlier, to };
}

/** The address of one version, and what was new in it. */
export function versionAddress(automationId: string, version: number): string {
  return AUTOMATION_PAGE.address(`/automations/${automationId}`, {
    tab: 'versions',
    to: String(version),
  });
}
