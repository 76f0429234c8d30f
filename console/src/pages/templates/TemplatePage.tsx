import { t } from '@lingui/core/macro';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import type { Template, TemplateReplacement } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { DetailHeader, DetailPage, Fact, Facts } from '../../shared/ui/Detail';
import { Notice } from '../../shared/ui/ErrorNotice';
import { formatWord } from '../../shared/ui/format';
import { ExactTime, RelativeTime, useNow } from '../../shared/ui/Time';
import { useSaveRevision } from '../../shared/ui/useSaveRevision';
import { replaceTemplate, templateQuery } from './queries';
import { TemplateEditor } from './TemplateEditor';

const BACK = { to: '/templates', label: t`Templates` };

function Loaded({ template }: { template: Template }) {
  const { api } = useServices();
  const now = useNow();
  const { save, error, isPending, isSuccess } = useSaveRevision({
    item: template,
    replace: (document: TemplateReplacement) => replaceTemplate(api, template.id, document),
    queryKey: ['template', template.id],
    invalidates: [['templates']],
  });
  return (
    <>
      <DetailHeader title={template.name} id={template.id} noun={t`template`}>
        <Facts>
          <Fact name={t`Channel`}>{formatWord(template.channel)}</Fact>
          <Fact name={t`Created`}>
            <ExactTime time={template.createdAt} />
          </Fact>
          <Fact name={t`Last changed`}>
            <ExactTime time={template.updatedAt} />
            <RelativeTime time={template.updatedAt} now={now} />
          </Fact>
        </Facts>
      </DetailHeader>
      <TemplateEditor
        template={template}
        submitLabel={t`Save`}
        error={error}
        isPending={isPending}
        onSave={save}
        note={
          isSuccess && (
            <Notice title={t`Saved`}>
              <p>
                {t`Active automations keep using the previous text until you activate them again.`}
              </p>
            </Notice>
          )
        }
      />
    </>
  );
}

export default function TemplatePage() {
  const { api } = useServices();
  const { templateId = '' } = useParams();
  return (
    <DetailPage
      noun={t`template`}
      back={BACK}
      query={useQuery(templateQuery(api, templateId))}
      title={({ name }) => name}
    >
      {(template) => <Loaded key={template.id} template={template} />}
    </DetailPage>
  );
}
