/**
 * The types of each API call, from the OpenAPI document: an unknown path, parameter or field is a
 * compiler error. schema.ts is generated.
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
  : Holder extends { content: { 'application/octet-stream': unknown } }
    ? Blob
    : undefined;

/** The query's parameters; never if there are none. */
export type QueryOf<Path extends keyof paths, Verb extends Method = 'get'> =
  Operation<Path, Verb> extends { parameters: { query?: infer Query } }
    ? NonNullable<Query>
    : never;

/** The answer of a successful status; undefined if it has no body. */
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

/** Also refuses unknown names in a spread of filters, which the compiler would let pass. */
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
