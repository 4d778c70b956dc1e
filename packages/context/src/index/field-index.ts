import { RoaringBitmap32 } from 'roaring-wasm';
import type { Condition, Filter, Scalar } from '../query/filter.ts';
import { OrderedValues, type Order } from './ordered-values.ts';
import { RowSet } from './row-set.ts';

/** What the rows of an index hold in their fields: a value, or a list of values of which each counts. */
export type Fields = Readonly<Record<string, Scalar | readonly Scalar[]>>;

interface Field {
  /** A row by itself, or all that hold the value. */
  readonly values: Map<Scalar, number | RowSet>;
  readonly holders: RowSet;
  readonly numbers: OrderedValues<number>;
  readonly texts: OrderedValues<string>;
}

/**
 * Finds rows by what their fields hold. A number is not the text of it. What asks for a field holds only for rows that have it,
 * except for `ne` and `nin`, which say that a row does not hold something. Texts are ordered by UTF-16 code units.
 */
export class FieldIndex {
  readonly #fields = new Map<string, Field>();
  #rows = 0;

  /** Adds the row that follows the last one. */
  add(row: number, fields: Fields): void {
    this.#rows = row + 1;
    for (const [name, given] of Object.entries(fields)) {
      const field = this.#fieldOf(name);
      field.holders.add(row);
      for (const value of typeof given === 'object' ? given : [given]) put(field, value, row);
    }
  }

  /** The rows that pass; whoever asks disposes of them. */
  rowsOf(filter: Filter): RoaringBitmap32 {
    switch (filter.op) {
      case 'and':
        return this.#allOf(filter.parts);
      case 'or':
        return this.#anyOf(filter.parts);
      case 'not':
        return this.#without(this.rowsOf(filter.part));
      case 'ne':
        return this.#without(this.rowsOf({ ...filter, op: 'eq' }));
      case 'nin':
        return this.#without(this.rowsOf({ ...filter, op: 'in' }));
      default:
        return this.#holding(filter);
    }
  }

  #holding(condition: Exclude<Condition, { op: 'ne' | 'nin' }>): RoaringBitmap32 {
    const rows = new RoaringBitmap32();
    const field = this.#fields.get(condition.field);
    if (condition.op === 'exists') {
      field?.holders.addTo(rows);
      return condition.value ? rows : this.#without(rows);
    }
    if (field === undefined) return rows;
    if ('values' in condition) for (const value of condition.values) addHolders(field, value, rows);
    else if (condition.op === 'eq') addHolders(field, condition.value, rows);
    else addOrdered(field, condition.op, condition.value, rows);
    return rows;
  }

  #allOf(parts: readonly Filter[]): RoaringBitmap32 {
    const rows = this.#all();
    for (const part of parts) {
      const some = this.rowsOf(part);
      rows.andInPlace(some);
      some.dispose();
    }
    return rows;
  }

  #anyOf(parts: readonly Filter[]): RoaringBitmap32 {
    const rows = new RoaringBitmap32();
    for (const part of parts) {
      const some = this.rowsOf(part);
      rows.orInPlace(some);
      some.dispose();
    }
    return rows;
  }

  #without(some: RoaringBitmap32): RoaringBitmap32 {
    const rows = this.#all();
    rows.andNotInPlace(some);
    some.dispose();
    return rows;
  }

  #all(): RoaringBitmap32 {
    return new RoaringBitmap32().addRange(0, this.#rows);
  }

  #fieldOf(name: string): Field {
    const known = this.#fields.get(name);
    if (known !== undefined) return known;
    const field = {
      values: new Map<Scalar, number | RowSet>(),
      holders: new RowSet(),
      numbers: new OrderedValues<number>(),
      texts: new OrderedValues<string>(),
    };
    this.#fields.set(name, field);
    return field;
  }
}

function put({ values, numbers, texts }: Field, value: Scalar, row: number): void {
  const rows = values.get(value);
  if (rows === undefined) {
    values.set(value, row);
    if (typeof value === 'number') numbers.add(value);
    else if (typeof value === 'string') texts.add(value);
  } else if (typeof rows === 'number') values.set(value, setOf(rows, row));
  else rows.add(row);
}

function setOf(...members: readonly number[]): RowSet {
  const rows = new RowSet();
  for (const row of members) rows.add(row);
  return rows;
}

function addHolders({ values }: Field, value: Scalar, rows: RoaringBitmap32): void {
  const held = values.get(value);
  if (typeof held === 'number') rows.add(held);
  else held?.addTo(rows);
}

function addOrdered(field: Field, op: Order, value: Scalar, rows: RoaringBitmap32): void {
  if (typeof value === 'number') for (const each of field.numbers.of(op, value)) addHolders(field, each, rows);
  else if (typeof value === 'string') for (const each of field.texts.of(op, value)) addHolders(field, each, rows);
}
