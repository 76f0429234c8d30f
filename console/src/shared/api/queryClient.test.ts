import { QueryObserver } from '@tanstack/react-query';
import { expect, it, vi } from 'vitest';
import { CurrentQueryClient } from './queryClient';

/** A query whose requests the test answers. */
function asked() {
  const answers: ((names: string[]) => void)[] = [];
  const queries = new CurrentQueryClient();
  const observer = new QueryObserver(queries, {
    queryKey: ['views', 'RUNS'],
    queryFn: ({ signal }) =>
      new Promise<string[]>((resolve, reject) => {
        answers.push(resolve);
        signal.addEventListener('abort', () => {
          reject(new DOMException('aborted', 'AbortError'));
        });
      }),
  });
  const stop = observer.subscribe(() => undefined);
  return { answers, queries, observer, stop };
}

it('a change during the first load starts the load again', async () => {
  const { answers, queries, observer, stop } = asked();
  const ready = queries.invalidateQueries({ queryKey: ['views'] });
  await vi.waitFor(() => {
    expect(answers).toHaveLength(2);
  });
  answers[0]?.([]);
  answers[1]?.(['Failed']);
  await ready;
  expect(observer.getCurrentResult().data).toEqual(['Failed']);
  stop();
});

it('a change of something else leaves the load alone', async () => {
  const { answers, queries, observer, stop } = asked();
  await queries.invalidateQueries({ queryKey: ['secrets'] });
  expect(answers).toHaveLength(1);
  answers[0]?.(['Failed']);
  await vi.waitFor(() => {
    expect(observer.getCurrentResult().data).toEqual(['Failed']);
  });
  stop();
});
