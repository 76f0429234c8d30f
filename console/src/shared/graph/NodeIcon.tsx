/** The icons that the node types name. */

import {
  IconAlertOctagon,
  IconArrowsSplit,
  IconBolt,
  IconBox,
  IconClock,
  IconFlag,
  IconGitMerge,
  IconPlug,
  IconRoute,
  IconSend,
  IconUserEdit,
  IconVariable,
  type Icon,
} from '@tabler/icons-react';

const ICONS: Record<string, Icon> = {
  zap: IconBolt,
  split: IconArrowsSplit,
  route: IconRoute,
  clock: IconClock,
  variable: IconVariable,
  'user-edit': IconUserEdit,
  'git-merge': IconGitMerge,
  send: IconSend,
  plug: IconPlug,
  'octagon-x': IconAlertOctagon,
  flag: IconFlag,
};

interface Props {
  /** The icon's name in the node type. */
  name: string | undefined;
  size?: number;
  className?: string | undefined;
}

/** A node type's icon; a box for an unknown name. */
export function NodeIcon({ name = '', size = 16, className }: Props) {
  const Known = ICONS[name] ?? IconBox;
  return <Known size={size} aria-hidden className={className} />;
}
