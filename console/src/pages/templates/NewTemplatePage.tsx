import { t } from '@lingui/core/macro';
import type { TemplateDocument } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { NewItemPage } from '../../shared/ui/NewItemPage';
import { createTemplate } from './queries';
import { TemplateEditor } from './TemplateEditor';

export default function NewTemplatePage() {
  const { api } = useServices();
  return (
    <NewItemPage
      noun={t`template`}
      plural={t`templates`}
      path="/templates"
      create={(document: TemplateDocument) => createTemplate(api, document)}
    >
      {(form) => <TemplateEditor {...form} />}
    </NewItemPage>
  );
}
