import { t } from '@lingui/core/macro';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';
import { meQuery } from '../../../shared/api/queries';
import type { Me } from '../../../shared/api/types';
import { useServices } from '../../../shared/auth/services';
import { DetailPage } from '../../../shared/ui/Detail';
import { automationQuery } from '../queries';
import type { Automation } from '../types';
import { isSameDocument, NEW_DOCUMENT, toDocument } from './document';
import { Editor } from './Editor';
import { unsavedWorkKey, dropUnsavedWork, readUnsavedWork } from './unsavedWork';
import { UnsavedWorkNotice } from './UnsavedWorkNotice';
import type { Saved } from './useSave';

const BACK = { to: '/automations', label: t`Automations` };

function savedOf(automation: Automation | null): Saved {
  return automation
    ? { document: toDocument(automation), revision: automation.revision }
    : { document: NEW_DOCUMENT, revision: null };
}

/** The editor; it first offers unsaved work that was kept. */
function Begin({ me, automation }: { me: Me; automation: Automation | null }) {
  const key = unsavedWorkKey(me.email, me.workspaceId, automation?.id ?? null);
  const [saved] = useState(() => savedOf(automation));
  const [kept, setKept] = useState(() => {
    const found = readUnsavedWork(key);
    return found && !isSameDocument(found.document, saved.document) ? found : null;
  });
  const [taken, setTaken] = useState<typeof kept>(null);
  if (kept) {
    return (
      <UnsavedWorkNotice
        kept={kept}
        isOutdated={kept.revision !== saved.revision}
        onTake={() => {
          setTaken(kept);
          setKept(null);
        }}
        onDrop={() => {
          dropUnsavedWork(key);
          setKept(null);
        }}
      />
    );
  }
  return (
    <Editor
      automation={automation}
      saved={taken ? { ...saved, revision: taken.revision } : saved}
      first={taken?.document ?? saved.document}
      storageKey={key}
    />
  );
}

function EditAutomation({ me, automationId }: { me: Me; automationId: string }) {
  const { api } = useServices();
  // Do not replace the draft while it is edited: saving reports a conflict.
  const query = useQuery({
    ...automationQuery(api, automationId),
    refetchInterval: false,
    refetchOnWindowFocus: false,
  });
  return (
    <DetailPage
      noun={t`automation`}
      back={{ to: `/automations/${automationId}`, isThing: true, label: t`Automation` }}
      query={query}
      title={({ name }) => t`Edit ${name}`}
    >
      {(automation) => <Begin key={automation.id} me={me} automation={automation} />}
    </DetailPage>
  );
}

export default function EditorPage() {
  const { api } = useServices();
  const { automationId } = useParams();
  const query = useQuery(meQuery(api));
  if (automationId !== undefined && query.data) {
    return <EditAutomation key={automationId} me={query.data} automationId={automationId} />;
  }
  return (
    <DetailPage noun={t`automation`} back={BACK} query={query} title={() => t`New automation`}>
      {(me) => <Begin me={me} automation={null} />}
    </DetailPage>
  );
}
