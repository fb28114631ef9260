/** What is right in a file that is not right as a whole, so that more can be said about it at once. */
import { z } from 'zod';

/** As `T`, with undefined wherever the file is wrong. */
export type WellFormed<T> = T extends readonly (infer Item)[]
  ? readonly (WellFormed<Item> | undefined)[]
  : T extends object
    ? { readonly [Key in keyof T]: WellFormed<T[Key]> | undefined }
    : T;

/** Never fails: unknown keys are left out, and what is wrong is undefined in its place. */
export function wellFormed<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): WellFormed<z.output<Schema>> | undefined {
  return lenient(schema).catch(undefined).parse(value) as WellFormed<z.output<Schema>> | undefined;
}

function lenient(schema: z.ZodType): z.ZodType {
  const inner = (part: unknown) => lenient(part as z.ZodType).catch(undefined);
  if (schema instanceof z.ZodObject) {
    return z.object(Object.fromEntries(Object.entries(schema.shape).map(([key, part]) => [key, inner(part)])));
  }
  if (schema instanceof z.ZodArray) return z.array(inner(schema.element));
  if (schema instanceof z.ZodRecord) return z.record(schema.keyType as z.ZodString, inner(schema.valueType));
  if (schema instanceof z.ZodOptional) return lenient(schema.unwrap() as z.ZodType).optional();
  if (schema instanceof z.ZodPrefault) return lenient(schema.unwrap() as z.ZodType).prefault(schema.def.defaultValue);
  return schema;
}
