import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Anchor, Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconDownload, IconTerminal2 } from '@tabler/icons-react';
import type { Step } from '../../shared/api/types';
import { CodeText } from '../../shared/ui/CodeText';
import { formatBytes, formatDuration } from '../../shared/ui/format';
import { Json, StruckText } from '../../shared/ui/Json';
import { type Tab, Tabs } from '../../shared/ui/Tabs';
import classes from './CallPart.module.css';
import {
  type CallRequest,
  type CallResponse,
  curlCommand,
  fullAddress,
  type RecordedBody,
  requestOf,
  responseOf,
} from './calls';

function Headers({ of, headers }: { of: string; headers: CallRequest['headers'] }) {
  if (headers.length === 0) return <p className={classes.muted}>{t`The ${of} had no headers.`}</p>;
  return (
    // It may scroll, so the keyboard must be able to focus it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={classes.scroll} role="region" aria-label={t`Headers of the ${of}`} tabIndex={0}>
      <table className={classes.headers}>
        <thead className="visually-hidden">
          <tr>
            <th scope="col">{t`Header`}</th>
            <th scope="col">{t`Value`}</th>
          </tr>
        </thead>
        <tbody>
          {headers.map(([name, value], index) => (
            <tr key={name + String(index)}>
              <th scope="row">{name}</th>
              <td>
                <StruckText text={value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A body; a long one is cut, and the whole can be downloaded. */
function Body({ label, recorded }: { label: string; recorded: RecordedBody }) {
  const { body, note, rest, link, binary } = recorded;
  if (binary) {
    return (
      <p className={classes.muted}>
        {binary.contentType === null ? (
          <Trans>
            Binary data, {formatBytes(binary.bytes)}. SHA-256: <code>{binary.sha256}</code>
          </Trans>
        ) : (
          <Trans>
            Binary data, {formatBytes(binary.bytes)}, {binary.contentType}. SHA-256:{' '}
            <code>{binary.sha256}</code>
          </Trans>
        )}
      </p>
    );
  }
  if (body === null) return <p className={classes.muted}>{t`There was no body.`}</p>;
  return (
    <>
      <Json label={label} value={body} />
      {note !== null && <p className={classes.muted}>{t`This is not the whole body: ${note}.`}</p>}
      {rest !== null && <p className={classes.muted}>{t`The whole body could not be stored.`}</p>}
      {link && (
        <Anchor href={link.url} rel="noreferrer" className={classes.download ?? ''}>
          <IconDownload size={16} aria-hidden />
          {link.bytes === null ? t`Full body` : t`Full body, ${formatBytes(link.bytes)}`}
        </Anchor>
      )}
    </>
  );
}

function CopyAsCurl({ request }: { request: CallRequest }) {
  const clipboard = useClipboard({ timeout: 1_500 });
  const Icon = clipboard.copied ? IconCheck : IconTerminal2;
  return (
    <Button
      variant="default"
      size="compact-sm"
      leftSection={<Icon size={14} aria-hidden />}
      onClick={() => {
        clipboard.copy(curlCommand(request));
      }}
    >
      {clipboard.copied ? t`Copied` : t`Copy as curl`}
    </Button>
  );
}

function RequestPanel({ request }: { request: CallRequest }) {
  const isIncomplete = request.note !== null || request.binary !== null;
  return (
    <>
      <div className={classes.line}>
        <p className={classes.address}>
          <strong>{request.method}</strong> <StruckText text={fullAddress(request)} />
        </p>
        <CopyAsCurl request={request} />
      </div>
      {isIncomplete && (
        <p className={classes.muted}>{t`The curl command has only the part of the body shown here.`}</p>
      )}
      <h5 className={classes.title}>{t`Headers`}</h5>
      <Headers of={t`request`} headers={request.headers} />
      <h5 className={classes.title}>{t`Body`}</h5>
      <Body label={t`Body of the request`} recorded={request} />
    </>
  );
}

function ResponsePanel({ response }: { response: CallResponse }) {
  const { status, durationMs, size, redirectsTo, notes } = response;
  return (
    <>
      <p className={classes.address}>
        {durationMs === null ? (
          <>
            <strong>{status}</strong>, {formatBytes(size)}
          </>
        ) : (
          <Trans>
            <strong>{status}</strong> in {formatDuration(durationMs)}, {formatBytes(size)}
          </Trans>
        )}
      </p>
      {redirectsTo !== null && (
        <p className={classes.address}>
          <Trans>
            Redirects to <StruckText text={redirectsTo} />
          </Trans>
        </p>
      )}
      {notes.map((note) => (
        <p key={note} className={classes.muted}>
          <CodeText text={note} />
        </p>
      ))}
      <h5 className={classes.title}>{t`Body`}</h5>
      <Body label={t`Body of the response`} recorded={response} />
      <h5 className={classes.title}>{t`Headers`}</h5>
      <Headers of={t`response`} headers={response.headers} />
    </>
  );
}

/** The note of a record that was too large for the answer. */
function LeftOut({ record }: { record: Record<string, unknown> }) {
  return typeof record.leftOut === 'string' ? (
    <p className={classes.muted}>{record.leftOut}</p>
  ) : (
    <Json label={t`Record`} value={record} />
  );
}

function tabOf(key: string, label: string, content: Tab['content']): Tab {
  return { key, label, content };
}

interface Props {
  step: Step;
  /** The node's settings, without those that the request shows. */
  settings: Record<string, unknown>;
}

/** The request and the response of a step, and the settings of its call, in tabs. */
export function CallPart({ step, settings }: Props) {
  const [request, response] = [requestOf(step), responseOf(step)];
  const tabs: Tab[] = [];
  if (step.response) {
    tabs.push(
      tabOf(
        'response',
        response ? t`Response ${response.status}` : t`Response`,
        response ? <ResponsePanel response={response} /> : <LeftOut record={step.response} />,
      ),
    );
  }
  if (step.request) {
    tabs.push(
      tabOf(
        'request',
        t`Request`,
        request ? <RequestPanel request={request} /> : <LeftOut record={step.request} />,
      ),
    );
  }
  if (Object.keys(settings).length > 0) {
    tabs.push(tabOf('settings', t`Settings`, <Json label={t`Settings`} value={settings} />));
  }
  return <Tabs label={t`The call`} tabs={tabs} />;
}
