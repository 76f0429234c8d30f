import { describe, expect, it } from 'vitest';
import type { ImportColumn } from '../../shared/api/types';
import {
  type Choices,
  choicesOf,
  formatOf,
  isRepeated,
  keysOf,
  mappingDocument,
  repeatedFields,
  startedChoices,
  suggestedChoices,
} from './fields';

const COLUMNS: ImportColumn[] = [
  { name: 'Mail', field: 'email', samples: [] },
  { name: 'Plan', field: null, samples: ['gold'] },
  { name: 'Customer no.', field: null, samples: [] },
];

function valuesOf(column: ImportColumn, format: 'CSV' | 'JSONL' = 'CSV', choice = ''): string[] {
  return choicesOf(column, format, choice).flatMap((each) =>
    'items' in each ? each.items.map(({ value }) => value) : [each.value],
  );
}

describe('the fields that a column can fill', () => {
  it('suggests each field once', () => {
    const columns = [...COLUMNS, { name: 'E-mail', field: 'email', samples: [] }];
    expect(suggestedChoices(columns).mapping).toEqual(['email', '', '', '']);
    const repeated = repeatedFields(['metadata.a', '', 'NUMBER:metadata.a', 'email']);
    expect([...repeated]).toEqual(['metadata.a']);
    expect(isRepeated('BOOLEAN:metadata.a', repeated)).toBe(true);
    expect(isRepeated('', repeated)).toBe(false);
    expect(keysOf(['email', 'tags', 'externalIds.crm'])).toEqual(['email', 'externalIds.crm']);
  });

  it('offers a custom field of each kind, and an external id, of the name of the column', () => {
    const column = { name: 'Customer no.', field: null, samples: [] };
    const values = valuesOf(column);
    expect(values).toContain('metadata.Customer no');
    expect(values).toContain('NUMBER:metadata.Customer no');
    expect(values).toContain('BOOLEAN:metadata.Customer no');
    expect(values).toContain('externalIds.customer_no_');
    expect(valuesOf(column, 'JSONL')).not.toContain('NUMBER:metadata.Customer no');
    expect(valuesOf({ name: 'metadata.plan', field: 'metadata.plan', samples: [] })).toContain(
      'metadata.plan',
    );
  });

  it('offers the consents of all channels and of each', () => {
    const values = valuesOf({ name: 'x', field: null, samples: [] });
    for (const purpose of ['marketing', 'transactional']) {
      expect(values).toContain(`consents.${purpose}`);
      for (const channel of ['EMAIL', 'SMS', 'WHATSAPP']) {
        expect(values).toContain(`consents.channels.${channel}.${purpose}`);
      }
    }
    expect(new Set(values).size).toBe(values.length);
  });

  it('offers a field that was chosen elsewhere', () => {
    const column = { name: 'x', field: null, samples: [] };
    expect(valuesOf(column, 'CSV', 'externalIds.crm')).toContain('externalIds.crm');
  });

  it('finds contacts by an external id with its name, and shows that again', () => {
    const choices: Choices = {
      mapping: ['email', 'NUMBER:metadata.plan', 'externalIds.crm'],
      key: 'externalIds.crm',
      tags: 'a, ,b',
    };
    const document = mappingDocument(COLUMNS, choices);
    expect(document).toEqual({
      by: 'externalId',
      name: 'crm',
      tags: ['a', 'b'],
      columns: [
        { column: 'Mail', field: 'email', kind: 'TEXT' },
        { column: 'Plan', field: 'metadata.plan', kind: 'NUMBER' },
        { column: 'Customer no.', field: 'externalIds.crm', kind: 'TEXT' },
      ],
    });
    expect(startedChoices(COLUMNS, document)).toEqual({ ...choices, tags: 'a, b' });
  });

  it('knows the format of a file by its name', () => {
    expect(['a.csv', 'a.TXT', 'a.jsonl', 'b.NDJSON'].map(formatOf)).toEqual([
      'CSV',
      'CSV',
      'JSONL',
      'JSONL',
    ]);
  });
});
