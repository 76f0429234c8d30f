/**
 * What each call of the API takes and answers, read from the OpenAPI document: a path, parameter
 * or field that the document does not have is an error of the compiler. schema.ts is generated.
 */

import type { paths } from './schema';

export type Method = 'get' | 'post' | 'put' | 'delete';

/** The paths that have the method. */
export type PathOf<Verb extends Method> = {
  [Path in keyof paths]: paths[Path] extends Record<Verb, object> ? Path : never;
}[keyof paths];

type Operation<Path extends keyof paths, Verb extends Method> = paths[Path][Verb];

type Json<Holder> = Holder extends { content: { 'application/json': infer Document } }
  ? Document
  : undefined;

/** What can be asked for after the `?`; never where nothing can. */
export type QueryOf<Path extends keyof paths, Verb extends Method = 'get'> =
  Operation<Path, Verb> extends { parameters: { query?: infer Query } }
    ? NonNullable<Query>
    : never;

/** Of the successful statuses' answers; undefined where there is none. */
export type Answer<Path extends keyof paths, Verb extends Method> =
  Operation<Path, Verb> extends { responses: infer Responses }
    ? { [Status in keyof Responses & (200 | 201 | 202 | 204)]: Json<Responses[Status]> }[keyof Responses &
        (200 | 201 | 202 | 204)]
    : never;

type PathPart<Called> = Called extends { parameters: { path: infer Values } }
  ? { path: Values }
  : { path?: never };

type BodyPart<Called> = Called extends { requestBody: infer Body }
  ? { body: Json<Body> }
  : Called extends { requestBody?: infer Body }
    ? { body?: Json<NonNullable<Body>> }
    : { body?: never };

/** A spread of filters may hold names that a fresh object could not: those are refused as well. */
type NoOther<Given, Known> = Given & Record<Exclude<keyof Given, keyof Known>, never>;

export type Options<Path extends keyof paths, Verb extends Method, Query> = PathPart<
  Operation<Path, Verb>
> &
  BodyPart<Operation<Path, Verb>> & {
    query?: NoOther<Query, QueryOf<Path, Verb>>;
    signal?: AbortSignal;
  };

export type Call<Verb extends Method> = <
  Path extends PathOf<Verb>,
  Query extends QueryOf<Path, Verb>,
>(
  path: Path,
  options: Options<Path, Verb, Query>,
) => Promise<Answer<Path, Verb>>;
