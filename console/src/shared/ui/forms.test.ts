import { describe, expect, it } from 'vitest';
import { ApiError } from '../api/problem';
import { fieldError, formError, parseObject } from './forms';

const ERROR = new ApiError(422, 'Invalid input', 'phone: …', null, [
  { field: 'phone', message: 'Value error, not a phone number' },
  { field: 'tags.2', message: 'Too long.' },
  { field: 'metadata', message: 'Too big.' },
]);

describe('a problem of a document', () => {
  it('is shown at its field, also for a value inside it', () => {
    expect(fieldError(ERROR, 'phone')).toBe('Not a phone number');
    expect(fieldError(ERROR, 'tags')).toBe('Too long.');
    expect(fieldError(ERROR, 'email')).toBeNull();
    expect(fieldError(ERROR, 'meta')).toBeNull();
  });

  it('is shown above the form if no field shows it', () => {
    expect(formError(ERROR, ['phone', 'tags', 'metadata'])).toBeNull();
    expect(formError(ERROR, ['phone'])).toBe(ERROR);
    const conflict = new ApiError(409, 'Conflict', 'taken', null);
    expect(formError(conflict, ['phone'])).toBe(conflict);
    expect(formError(null, ['phone'])).toBeNull();
  });
});

it('only a JSON object is accepted', () => {
  expect(parseObject(' {"a": [1]} ')).toEqual({ value: { a: [1] } });
  expect(parseObject('')).toEqual({ value: {} });
  expect(parseObject('[1]')).toHaveProperty('problem');
  expect(parseObject('{a: 1}')).toHaveProperty('problem');
});
