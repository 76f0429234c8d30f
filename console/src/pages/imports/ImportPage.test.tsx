import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ContactImport, ImportColumn, ImportMapping, ImportStart } from '../../shared/api/types';
import { openConsole, rememberTokens } from '../../test/render';
import { json, ME, serve } from '../../test/server';
const LATER = new Date(Date.now() + 86_400_000).toISOString();
const PATH = '/v1/contacts/imports';
const PART = 4 * 1024 * 1024;

function makeImport(changes: Partial<ContactImport> = {}): ContactImport {
  return {
    id: 'imp_1',
    format: 'CSV',
    fileName: 'people.csv',
    status: 'UPLOADING',
    bytes: 40,
    parts: [1],
    total: null,
    done: 0,
    counts: {},
    problems: [],
    mapping: null,
    isDryRun: false,
    isCancelRequested: false,
    error: null,
    createdAt: '2026-03-01T10:00:00.000Z',
    requestedBy: 'ada@demo.example',
    startedAt: null,
    finishedAt: null,
    expiresAt: LATER,
    reportUrl: null,
    reportUrlExpiresAt: null,
    ...changes,
  };
}

const COLUMNS: ImportColumn[] = [
  { name: 'Mail', field: 'email', samples: ['ada@example.com', 'bob@example.com'] },
  { name: 'Plan', field: null, samples: ['gold'] },
  { name: 'Customer no.', field: null, samples: [] },
];

type Opened = ReturnType<typeof openConsole>;

async function choose(view: Opened['view'], file: File) {
  await screen.findByRole('button', { name: 'Upload' });
  const input = view.container.querySelector<HTMLInputElement>('input[type=file]');
  if (input === null) throw new Error('no file input');
  // People choose files that the dialog does not offer, too.
  await userEvent.setup({ applyAccept: false }).upload(input, file);
}

describe('the page of imports', () => {
  beforeEach(() => {
    sessionStorage.clear();
    rememberTokens();
  });

  it('uploads a file, maps its columns, checks it and imports it', async () => {
    const parts: (string | null)[] = [];
    const starts: unknown[] = [];
    let made = makeImport();
    serve({
      '/v1/me': () => json(ME),
      [PATH]: ({ method }) =>
        method === 'GET'
          ? json({ items: [], nextCursor: null })
          : json(makeImport({ parts: [], bytes: 0 }), 201),
      [`${PATH}/imp_1/parts/1`]: ({ headers }) => {
        parts.push(headers.get('content-type'));
        return json(made);
      },
      [`${PATH}/imp_1/preview`]: () => json({ columns: COLUMNS, rows: 2, delimiter: ',' }),
      [`${PATH}/imp_1/start`]: ({ body }) => {
        const asked = JSON.parse(body) as ImportStart;
        starts.push(asked);
        const checked = { total: 2, done: 2, counts: { CREATED: 1, FAILED: 1 } };
        if (asked.dryRun) {
          const { by, name = null, columns, tags = [] } = asked;
          made = makeImport({ status: 'CHECKED', ...checked, mapping: { by, name, columns, tags } });
          // The page sees the check at work before it has ended.
          return json(makeImport({ status: 'CHECKING' }), 202);
        }
        made = makeImport({
          status: 'COMPLETED',
          ...checked,
          problems: [{ row: 3, column: 'Mail', text: 'not an e-mail address' }],
          reportUrl: '/files/report.csv',
        });
        return json(made, 202);
      },
      [`${PATH}/imp_1`]: () => json(made),
    });
    const { user, view } = openConsole('/contacts/import');
    const file = new File(['Mail,Plan\nada@example.com,gold\n'], 'people.csv', { type: 'text/csv' });
    await screen.findByRole('button', { name: 'Upload' });
    await choose(view, file);
    await user.click(screen.getByRole('button', { name: 'Upload' }));

    const columns = await screen.findByRole('list', { name: 'Columns' });
    expect(within(columns).getAllByRole('listitem')[0]).toHaveTextContent(
      'ada@example.com · bob@example.com',
    );
    expect(parts).toEqual(['application/octet-stream']);
    expect(screen.getByRole('combobox', { name: 'Field for Mail' })).toHaveValue('email');
    await user.selectOptions(
      screen.getByRole('combobox', { name: 'Field for Plan' }),
      'Custom field “Plan”',
    );
    await user.click(screen.getByRole('button', { name: 'Check without importing' }));
    await screen.findByRole('heading', { name: 'Checking the rows' });
    expect(screen.queryByRole('list', { name: 'Columns' })).toBeNull();
    await screen.findByRole(
      'heading',
      { name: 'Checked: this is what the import would do' },
      { timeout: 5_000 },
    );

    await user.click(await screen.findByRole('button', { name: 'Import 1 row' }));
    expect(await screen.findByText('Row 3, Mail: not an e-mail address')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Download the report' })).toHaveAttribute(
      'href',
      '/files/report.csv',
    );
    expect(screen.queryByRole('list', { name: 'Columns' })).toBeNull();
    const asked = {
      parts: 1,
      by: 'email',
      name: null,
      tags: [],
      columns: [
        { column: 'Mail', field: 'email', kind: 'TEXT' },
        { column: 'Plan', field: 'metadata.Plan', kind: 'TEXT' },
      ],
    };
    expect(starts).toEqual([
      { ...asked, dryRun: true },
      { ...asked, dryRun: false },
    ]);
  });

  it('keeps the choices through a reload', async () => {
    const made = makeImport();
    serve({
      '/v1/me': () => json(ME),
      [`${PATH}/imp_1`]: () => json(made),
      [`${PATH}/imp_1/preview`]: () => json({ columns: COLUMNS, rows: 2, delimiter: ',' }),
    });
    const first = openConsole('/contacts/import?import=imp_1');
    await first.user.selectOptions(
      await screen.findByRole('combobox', { name: 'Field for Plan' }),
      'Custom field “Plan”, a number',
    );
    await first.user.type(screen.getByRole('textbox', { name: 'Tags for every contact' }), 'new');
    first.view.unmount();
    openConsole('/contacts/import?import=imp_1');
    expect(await screen.findByRole('combobox', { name: 'Field for Plan' })).toHaveValue(
      'NUMBER:metadata.Plan',
    );
    expect(screen.getByRole('textbox', { name: 'Tags for every contact' })).toHaveValue('new');
  });

  it('shows the choices that were checked, and says when they differ from the present ones', async () => {
    const mapping: ImportMapping = {
      by: 'externalId',
      name: 'crm',
      columns: [
        { column: 'Mail', field: 'email', kind: 'TEXT' },
        { column: 'Customer no.', field: 'externalIds.crm', kind: 'TEXT' },
      ],
      tags: ['vip', 'new'],
    };
    const counts = { CREATED: 1, FAILED: 1 };
    const made = makeImport({ status: 'CHECKED', total: 2, done: 2, counts, mapping });
    serve({
      '/v1/me': () => json(ME),
      [`${PATH}/imp_1`]: () => json(made),
      [`${PATH}/imp_1/preview`]: () => json({ columns: COLUMNS, rows: 2, delimiter: ',' }),
    });
    const { user } = openConsole('/contacts/import?import=imp_1');
    const field = await screen.findByRole('combobox', { name: 'Field for Customer no.' });
    expect(field).toHaveDisplayValue('externalIds.crm');
    expect(screen.getByRole('combobox', { name: 'Find contacts by' })).toHaveValue('externalIds.crm');
    expect(screen.getByRole('textbox', { name: 'Tags for every contact' })).toHaveValue('vip, new');
    expect(screen.getByRole('button', { name: 'Import 1 row' })).toBeEnabled();
    await user.selectOptions(field, 'Leave out');
    expect(await screen.findByText(/You changed these choices after the check/)).toBeVisible();
    expect(screen.getByRole('button', { name: 'Import' })).toBeEnabled();
  });

  it('offers no import of a checked file without a valid row', async () => {
    const mapping = { by: 'email' as const, name: null, tags: [], columns: [] };
    const made = makeImport({
      status: 'CHECKED',
      total: 2,
      done: 2,
      counts: { FAILED: 2 },
      mapping: { ...mapping, columns: [{ column: 'Mail', field: 'email', kind: 'TEXT' }] },
    });
    serve({
      '/v1/me': () => json(ME),
      [`${PATH}/imp_1`]: () => json(made),
      [`${PATH}/imp_1/preview`]: () => json({ columns: COLUMNS, rows: 2, delimiter: ',' }),
    });
    openConsole('/contacts/import?import=imp_1');
    await screen.findByRole('heading', { name: 'Checked: no row can be imported' });
    expect(await screen.findByRole('button', { name: 'Import 0 rows' })).toBeDisabled();
  });

  it('continues an interrupted upload with the missing parts', async () => {
    const file = new File(['x'.repeat(PART + 10)], 'people.csv');
    let made = makeImport({ parts: [], bytes: 0 });
    let isDown = true;
    const tries: number[] = [];
    const created = vi.fn();
    const part = (number: number) => () => {
      tries.push(number);
      if (number === 2 && isDown) throw new TypeError('Failed to fetch');
      made = { ...made, parts: [...made.parts, number], bytes: number === 1 ? PART : PART + 10 };
      return json(made);
    };
    serve({
      '/v1/me': () => json(ME),
      [PATH]: ({ method }) => {
        if (method === 'GET') return json({ items: [], nextCursor: null });
        created();
        return json(made, 201);
      },
      [`${PATH}/imp_1/parts/1`]: part(1),
      [`${PATH}/imp_1/parts/2`]: part(2),
      [`${PATH}/imp_1/preview`]: () => json({ columns: COLUMNS, rows: 2, delimiter: ',' }),
      [`${PATH}/imp_1`]: () => json(made),
    });
    const { user, view } = openConsole('/contacts/import');
    await choose(view, file);
    await user.click(screen.getByRole('button', { name: 'Upload' }));
    expect(await screen.findByText(/^4\.2 MB of 4\.2 MB have arrived/)).toBeVisible();
    isDown = false;
    await user.click(screen.getByRole('button', { name: 'Continue the upload' }));
    await screen.findByRole('list', { name: 'Columns' });
    expect(tries).toEqual([1, 2, 2]);
    expect(created).toHaveBeenCalledOnce();
  });

  it('says what is wrong with a file before it uploads it', async () => {
    serve({ '/v1/me': () => json(ME), [PATH]: () => json({ items: [], nextCursor: null }) });
    const { user, view } = openConsole('/contacts/import');
    const large = new File([], 'people.csv');
    Object.defineProperty(large, 'size', { value: 50 * 1024 * 1024 + 1 });
    for (const [file, words] of [
      [new File(['x'], 'people.xlsx'), /neither a CSV nor JSON Lines/],
      [new File([], 'people.csv'), 'The file is empty.'],
      [large, /larger than 50 MB/],
    ] as const) {
      await choose(view, file);
      expect(await screen.findByText(words)).toBeVisible();
      expect(screen.getByRole('button', { name: 'Upload' })).toBeDisabled();
    }
    const changed = new File(['Mail'], 'people.csv');
    const gone = () => Promise.reject(new DOMException('gone', 'NotReadableError'));
    Object.defineProperty(changed, 'slice', { value: () => ({ arrayBuffer: gone }) });
    serve({ '/v1/me': () => json(ME), [PATH]: () => json(makeImport({ parts: [] }), 201) });
    await choose(view, changed);
    await user.click(screen.getByRole('button', { name: 'Upload' }));
    expect(await screen.findByText('The file was changed or deleted')).toBeVisible();
    expect(screen.getByRole('button', { name: 'Upload' })).toBeDisabled();
  });

  it('says what is wrong with an uploaded file', async () => {
    const detail = 'row 1 is not UTF-8';
    serve({
      '/v1/me': () => json(ME),
      [`${PATH}/imp_1`]: () => json(makeImport()),
      [`${PATH}/imp_1/preview`]: () => json({ title: 'Invalid input', detail }, 422),
      [`${PATH}/imp_2`]: () => json(makeImport({ id: 'imp_2', format: 'JSONL' })),
      [`${PATH}/imp_2/preview`]: () => json({ columns: [], rows: 0, delimiter: null }),
      [`${PATH}/imp_3`]: () => json({ title: 'Not found', detail: 'there is no import' }, 404),
    });
    const { view } = openConsole('/contacts/import?import=imp_1');
    expect(await screen.findByText('The file cannot be read')).toBeVisible();
    expect(screen.getByText('Row 1 is not UTF-8')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull();
    view.unmount();
    const second = openConsole('/contacts/import?import=imp_2');
    expect(await screen.findByText(/one JSON object on each line/)).toBeVisible();
    second.view.unmount();
    openConsole('/contacts/import?import=imp_3');
    expect(await screen.findByRole('heading', { name: 'Import not found' })).toBeVisible();
    expect(screen.getByRole('button', { name: 'Choose another file' })).toBeVisible();
  });

  it('lists the newest imports, but no upload that was not started', async () => {
    const items = [
      makeImport({ id: 'imp_3', fileName: 'begun.csv' }),
      makeImport({ id: 'imp_2', fileName: 'now.csv', status: 'RUNNING', done: 1250 }),
      makeImport({ status: 'CANCELED', done: 0 }),
    ];
    serve({ '/v1/me': () => json(ME), [PATH]: () => json({ items, nextCursor: null }) });
    openConsole('/contacts/import');
    const list = await screen.findByRole('list', { name: 'Newest imports' });
    expect(within(list).getAllByRole('link').map(({ textContent }) => textContent)).toEqual([
      'now.csv',
      'people.csv',
    ]);
    expect(list).toHaveTextContent('Being imported, 1,250 rows so far');
    expect(list).toHaveTextContent('Canceled after 0 rows');
    expect(within(list).getByRole('link', { name: 'now.csv' })).toHaveAttribute(
      'href',
      '/contacts/import?import=imp_2',
    );
  });

  it('shows progress and cancels', async () => {
    let made = makeImport({ status: 'RUNNING', total: 5000, done: 1250, counts: { CREATED: 1250 } });
    serve({
      '/v1/me': () => json(ME),
      [`${PATH}/imp_1`]: () => json(made),
      [`${PATH}/imp_1/cancel`]: () => {
        made = { ...made, isCancelRequested: true };
        return json(made, 202);
      },
    });
    const { user } = openConsole('/contacts/import?import=imp_1');
    expect(await screen.findByText(/1,250 of 5,000 rows/)).toBeVisible();
    expect(screen.getByRole('progressbar', { name: 'Imported rows' })).toHaveAttribute(
      'aria-valuenow',
      '25',
    );
    await user.click(screen.getByRole('button', { name: 'Cancel' }));
    await waitFor(() => {
      expect(screen.getByRole('button', { name: 'Canceling…' })).toBeDisabled();
    });
  });

  it('says why an import failed, and asks for the role that it needs', async () => {
    const error = 'row 3 is not UTF-8';
    serve({
      '/v1/me': () => json(ME),
      [`${PATH}/imp_1`]: () => json(makeImport({ status: 'FAILED', error })),
    });
    const { user, view } = openConsole('/contacts/import?import=imp_1');
    expect(await screen.findByText('Row 3 is not UTF-8')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Choose another file' }));
    expect(await screen.findByRole('button', { name: 'Upload' })).toBeDisabled();
    view.unmount();
    serve({ '/v1/me': () => json({ ...ME, role: 'MEMBER' }) });
    openConsole('/contacts/import');
    expect(await screen.findByText('You need the Admin role')).toBeVisible();
  });
});
