import { t } from '@lingui/core/macro';
import { ActionIcon } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';

export function CopyButton({ text, label }: { text: string; label: string }) {
  const clipboard = useClipboard({ timeout: 1_500 });
  const title = clipboard.copied ? t`Copied` : label;
  return (
    <ActionIcon
      variant="default"
      size="sm"
      aria-label={title}
      title={title}
      onClick={() => {
        clipboard.copy(text);
      }}
    >
      {clipboard.copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
    </ActionIcon>
  );
}
