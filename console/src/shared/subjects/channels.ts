import { t } from '@lingui/core/macro';
import { formatWord } from '../ui/format';

/** A channel's name within a sentence: `e-mail`, `SMS`. */
export function channelName(channel: string): string {
  return channel === 'EMAIL' ? t`e-mail` : formatWord(channel);
}
