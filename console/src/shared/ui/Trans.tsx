import { i18n } from '@lingui/core';
import { TransNoContext } from '@lingui/react/server';
import type { ReactElement } from 'react';

interface Props {
  id: string;
  message?: string;
  values?: Record<string, unknown>;
  components?: Record<string, ReactElement>;
}

/**
 * What the macro `<Trans>` becomes. It needs no provider: the language is active before any text is
 * rendered, and another language loads the page again.
 */
export function Trans(props: Props) {
  return <TransNoContext {...props} lingui={{ i18n }} />;
}
