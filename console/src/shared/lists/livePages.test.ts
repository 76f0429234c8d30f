import { describe, expect, it } from 'vitest';
import { mergeHead, nextOpenPage, uniqueRows } from './livePages';

interface Row {
  id: string;
  status: string;
}

const keyOf = ({ id }: Row) => id;
const row = (id: string, status = 'RUNNING'): Row => ({ id, status });
const shown = { items: [row('6'), row('5'), row('4'), row('3')], nextCursor: 'x', anchor: '6' };

describe('the refetched first page', () => {
  it('keeps its rows in place, holds newer ones back and applies changes', () => {
    const answer = { items: [row('8'), row('7'), row('6', 'DONE'), row('5')], nextCursor: 'y' };
    const { items, fresh } = mergeHead(shown, answer, keyOf);
    expect(items).toEqual([row('6', 'DONE'), row('5'), row('4'), row('3')]);
    expect(fresh.map(keyOf)).toEqual(['8', '7']);
  });

  it('drops a row that has left the list', () => {
    const answer = { items: [row('6'), row('4'), row('3'), row('2')], nextCursor: 'y' };
    expect(mergeHead(shown, answer, keyOf).items.map(keyOf)).toEqual(['6', '4', '3', '2']);
  });

  it('is the whole list if the answer is the last page', () => {
    const answer = { items: [row('7'), row('5')], nextCursor: null };
    const { items, fresh } = mergeHead(shown, answer, keyOf);
    expect(items.map(keyOf)).toEqual(['5']);
    expect(fresh.map(keyOf)).toEqual(['7']);
  });

  it('shows new rows of an empty list at once', () => {
    const empty = { items: [], nextCursor: null, anchor: '' };
    const { items, fresh } = mergeHead(empty, { items: [row('1')], nextCursor: null }, keyOf);
    expect(items.map(keyOf)).toEqual(['1']);
    expect(fresh).toEqual([]);
  });
});

it('a row of two pages is listed once', () => {
  const pages = [
    { items: [row('3'), row('2')], nextCursor: 'x' },
    { items: [row('2'), row('1')], nextCursor: null },
  ];
  expect(uniqueRows(pages, keyOf).map(keyOf)).toEqual(['3', '2', '1']);
});

it('later pages with open rows take turns', () => {
  const page = (...statuses: string[]) => ({
    items: statuses.map((status) => row(status, status)),
    nextCursor: 'x',
  });
  const pages = [page('OPEN'), page('OPEN'), page('DONE'), page('DONE', 'OPEN')];
  const isOpen = ({ status }: Row) => status === 'OPEN';
  expect(nextOpenPage(pages, isOpen, 0)).toBe(1);
  expect(nextOpenPage(pages, isOpen, 1)).toBe(3);
  expect(nextOpenPage(pages, isOpen, 3)).toBe(1);
  expect(nextOpenPage(pages.slice(0, 1), isOpen, 0)).toBeNull();
});
