import { jsonSchema, VltairError, type Json, type JsonObject } from '@vltair/protocol';
import { z } from 'zod';

const schemas = new WeakMap<JsonObject, z.ZodType>();

export type Fit = { readonly data: Json } | { readonly problem: string };

/** What does not fit the form, naming the field; `undefined` when the data fits. */
export function formProblem(form: JsonObject, data: Json): string | undefined {
  const fit = fitForm(form, data);
  return 'problem' in fit ? fit.problem : undefined;
}

/** The data with the defaults of the form. */
export function fitForm(form: JsonObject, data: Json): Fit {
  const parsed = schemaOf(form).safeParse(data);
  if (parsed.success) return { data: jsonSchema.parse(parsed.data) };
  const [issue] = parsed.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  return { problem: `${field === '' ? '' : `${field}: `}${issue?.message ?? 'does not fit'}` };
}

/** @throws VltairError `invalid_argument/workflow` for what is no JSON Schema. */
export function checkForm(form: JsonObject, where: string, what: 'form' | 'input' = 'form'): void {
  try {
    schemaOf(form);
  } catch (error) {
    const detail = `the ${what} is no JSON Schema: ${error instanceof Error ? error.message : String(error)}`;
    throw new VltairError('invalid_argument/workflow', { detail, where });
  }
}

function schemaOf(form: JsonObject): z.ZodType {
  const known = schemas.get(form);
  if (known !== undefined) return known;
  const schema = z.fromJSONSchema(form);
  schemas.set(form, schema);
  return schema;
}
